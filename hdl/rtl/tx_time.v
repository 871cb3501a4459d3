// Device time at which each transmit slot finished: the TX_TIME window.
//
// Clock clk_bus. store (pulse) keeps now_ns for store_slot; read_data is, from the edge with slot_bus on, the low
// or high word (read_high) of read_slot as it was before that edge. A slot reads 0 from reset until it was first
// stored. The memory may be a block RAM.
`default_nettype none
`timescale 1ns/1ps

module tx_time (
    input  wire        clk_bus,
    input  wire        rst,
    input  wire        store,
    input  wire [1:0]  store_slot,
    input  wire [63:0] now_ns,
    input  wire        slot_bus,
    input  wire [1:0]  read_slot,
    input  wire        read_high,
    output wire [31:0] read_data
);
    // Small, but 256 flip-flops and their multiplexer would be worse. no_rw_check: what is read at the very edge of a
    // store does not matter, because the slot is not DONE before it.
    (* ram_style = "block", no_rw_check *) reg [63:0] memory [0:3];
    reg [63:0] fetched;
    reg [3:0]  stored;
    reg        known, high;

    always @(posedge clk_bus) begin
        if (store) memory[store_slot] <= now_ns;
        if (slot_bus) begin
            fetched <= memory[read_slot];
            known   <= stored[read_slot];
            high    <= read_high;
        end
    end

    always @(posedge clk_bus) begin
        if (store) stored[store_slot] <= 1'b1;
        if (rst) stored <= 4'd0;
    end

    assign read_data = !known ? 32'd0 : high ? fetched[63:32] : fetched[31:0];
endmodule
