// A top for running the kernel's contract under a simulator, and for measuring its pump.
//
// A free-running clock; `count` counts its rising edges since `clear` and says that the simulator really runs; an echo
// returns `request` as `acknowledge` after DELAY_NS, so that Python can be woken by a signal that it caused. Each of
// PORTS generated ports holds one wide register, for the access to scopes inside a generate block. It is a test bench,
// not a design: there is no reset.
`default_nettype none
`timescale 1ns/1ps

module kernel_bench #(
    parameter PORTS = 2,       // generated ports, 1 and up
    parameter DELAY_NS = 1000  // from request to acknowledge, ns
);
    reg         clk         /* verilator public_flat_rw */ = 1'b0;
    reg  [31:0] count       /* verilator public_flat_rw */ = 32'd0;
    reg         clear       /* verilator public_flat_rw */ = 1'b0;
    reg         request     /* verilator public_flat_rw */ = 1'b0;
    reg         acknowledge /* verilator public_flat_rw */ = 1'b0;

    always #20 clk = ~clk;

    always @(posedge clk) begin
        if (clear) count <= 32'd0;
        else count <= count + 32'd1;
    end

    always @(request) acknowledge <= #(DELAY_NS) request;

    genvar i;
    generate
        for (i = 0; i < PORTS; i = i + 1) begin : port
            kernel_bench_port #(.INDEX(i)) x (.clk(clk));
        end
    endgenerate
endmodule

`default_nettype wire
