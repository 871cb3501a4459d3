`default_nettype none
`timescale 1ns/1ps
// The back door to the management counters of the adapter in a socket: while poke[38] is 1 at a clk_bus edge, the counter of
// index poke[37:32] takes the value poke[31:0].
//
// A module of its own, because Verilator looks for a name of another instance also where a parameter leaves it out: a bench
// without the back door has no such file, and its adapter, which may be a netlist, need not have these names.
// Ports: those of adapter_socket_model, in which this is, beside `device`.
module counter_door_model (
    input wire        clk_bus,
    input wire [38:0] poke
);
  always @(posedge clk_bus)
    if (poke[38]) device.host.management_counters.memory[{1'b0, poke[37:32]}] <= poke[31:0];
endmodule
