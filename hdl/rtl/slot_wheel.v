// Gives the buffer memory to one user per bus clock, in turn: the number of the clk_bus edge modulo 4.
//
// slot is stable before an edge and says whose edge it is: 0 bus access, 1 transmit fetch, 3 receive store. At 2 the word
// that was fetched enters the transmit FIFO, and the one to be stored leaves the receive FIFO.
// Never reset (docs/adapter.md): the first edge after power-up is number 1, which the initial value says.
`default_nettype none
`timescale 1ns/1ps

module slot_wheel (
    input  wire       clk_bus,
    output wire       slot_bus,
    output wire       slot_fetch,
    output wire       slot_take,
    output wire       slot_store
);
    reg [1:0] slot;
    initial slot = 2'd1;

    always @(posedge clk_bus) slot <= slot + 2'd1;

    assign slot_bus   = slot == 2'd0;
    assign slot_fetch = slot == 2'd1;
    assign slot_take  = slot == 2'd2;
    assign slot_store = slot == 2'd3;

`ifdef FORMAL
`include "slot_wheel_properties.vh"
`endif
endmodule
