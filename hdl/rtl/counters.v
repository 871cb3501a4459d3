// The management counters: one block RAM of 64 words of 32 bits, and the engine that adds to them.
//
// Clock clk_bus; power-on reset (rst) clears every counter, which takes 64 clocks after it, during which counters
// read 0 and clearing holds new increments back; a soft reset keeps them. Turn of the slot wheel: slot_bus, the
// word of the bus is read (read_data from then on, read_index before); slot_fetch, the word of op_index is read;
// slot_store, the sum is written. Counters wrap; half is a pulse when one reaches half of its range.
`default_nettype none
`timescale 1ns/1ps

module counters (
    input  wire        clk_bus,
    input  wire        rst,
    input  wire        slot_bus,
    input  wire        slot_store,
    // Bus
    input  wire [5:0]  read_index,
    output wire [31:0] read_data,
    // Increments
    input  wire        op_valid,
    input  wire [5:0]  op_index,
    input  wire [10:0] op_increment,
    output reg         clearing,
    output wire        half
);
    localparam [5:0] LAST = 6'd63;

    // no_rw_check: what is read at the edge of a write (slot_store) is not used.
    (* no_rw_check *) reg [31:0] memory [0:63];
    reg [31:0] fetched;
    reg [5:0]  sweep;

    wire [31:0] sum      = fetched + {21'd0, op_increment};
    wire        add      = slot_store && op_valid;
    wire [5:0]  write_to = clearing ? sweep : op_index;

    assign read_data = clearing ? 32'd0 : fetched;
    assign half      = add && sum[31] && !fetched[31];

    always @(posedge clk_bus) begin
        if (clearing || add) memory[write_to] <= clearing ? 32'd0 : sum;
        fetched <= memory[slot_bus ? read_index : op_index];
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
