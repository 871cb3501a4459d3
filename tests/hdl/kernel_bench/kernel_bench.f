# The bench for the kernel contract and its pump.
tests/hdl/kernel_bench/kernel_bench_port.v
tests/hdl/kernel_bench/kernel_bench.v
