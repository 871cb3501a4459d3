// FIFO on one clock, for words of a few bits.
//
// write_data enters at an edge with write_valid and write_ready; read_data is the oldest word while read_valid, and an edge
// with read_ready takes it. A word that is written into an empty FIFO is there two edges later. rst empties it.
// Parameters: WIDTH in bits; ADDRESS_BITS, 2 ** ADDRESS_BITS words.
// The memory is read one clock ahead of its use, so that it may be a block RAM; a word is valid an edge after it was written,
// so what is read while it is written does not matter.
`default_nettype none
`timescale 1ns/1ps

module sync_fifo #(
    parameter WIDTH        = 10,
    parameter ADDRESS_BITS = 4
) (
    input  wire             clk,
    input  wire             rst,
    input  wire [WIDTH-1:0] write_data,
    input  wire             write_valid,
    output wire             write_ready,
    output reg  [WIDTH-1:0] read_data,
    output reg              read_valid,
    input  wire             read_ready
);
    localparam [ADDRESS_BITS:0] ONE  = 1;
    localparam [ADDRESS_BITS:0] FULL = ONE << ADDRESS_BITS;

    (* no_rw_check *) reg [WIDTH-1:0] memory [0:(1 << ADDRESS_BITS)-1];
    reg  [ADDRESS_BITS:0] write_pointer, read_pointer;
    wire [ADDRESS_BITS:0] read_pointer1 = read_valid && read_ready ? read_pointer + ONE : read_pointer;

    assign write_ready = write_pointer - read_pointer != FULL;

    always @(posedge clk) begin
        if (write_valid && write_ready) begin
            memory[write_pointer[ADDRESS_BITS-1:0]] <= write_data;
            write_pointer <= write_pointer + ONE;
        end
        read_data    <= memory[read_pointer1[ADDRESS_BITS-1:0]];
        read_valid   <= read_pointer1 != write_pointer;
        read_pointer <= read_pointer1;
        if (rst) begin
            write_pointer <= 0;
            read_pointer  <= 0;
            read_valid    <= 1'b0;
        end
    end

`ifdef FORMAL
`include "sync_fifo_properties.vh"
`endif
endmodule
