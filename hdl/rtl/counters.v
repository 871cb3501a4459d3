// The management counters: one block RAM of 64 words of 32 bits, and the engine that adds to them.
//
// Clock clk_bus; power-on reset (rst) clears every counter, which takes 64 clocks after it, during which counters
// read 0 and clearing holds new increments back; a soft reset keeps them. Turn of the slot wheel: slot_fetch, the word of
// the bus is read (read_data until the next edge, read_index and read_blank before; 0 with read_blank); slot_take, the
// word of op_index is read; slot_store, the sum is written. op_increment is 0 while clearing, so that the sums are 0 that
// are written then. Counters wrap; half is a pulse when one reaches half of its
// range.
`default_nettype none
`timescale 1ns/1ps

module counters (
    input  wire        clk_bus,
    input  wire        rst,
    input  wire        slot_fetch,
    input  wire        slot_store,
    // Bus
    input  wire [5:0]  read_index,
    input  wire        read_blank,
    output wire [31:0] read_data,
    // Increments
    input  wire        op_valid,
    input  wire [5:0]  op_index,
    input  wire [10:0] op_increment,
    output reg         clearing,
    output wire        half
);
    localparam [5:0] LAST = 6'd63;

    // The upper half is 0 and never written. no_rw_check: what is read at the edge of a write is not used.
    (* no_rw_check *) reg [31:0] memory [0:127];
    integer i;
    initial for (i = 0; i < 128; i = i + 1) memory[i] = 32'd0;
    reg [31:0] fetched;
    reg [5:0]  sweep;

    wire [31:0] sum      = fetched + {21'd0, op_increment};
    wire        add      = slot_store && op_valid;
    wire [5:0]  write_to = clearing ? sweep : op_index;

    assign read_data = fetched;
    assign half      = add && sum[31] && !fetched[31];

    always @(posedge clk_bus) begin
        if (clearing || add) memory[{1'b0, write_to}] <= sum;
        fetched <= memory[{clearing || (slot_fetch && read_blank), slot_fetch ? read_index : op_index}];
    end

    always @(posedge clk_bus) begin
        sweep <= sweep + 6'd1;
        if (sweep == LAST) clearing <= 1'b0;
        if (rst) begin
            sweep    <= 6'd0;
            clearing <= 1'b1;
        end
    end
endmodule
