// Moments of the device time that somebody asks for later: the end of each transmit slot (TX_TIME), the last read of
// TIME_LO (which is how TIME itself is read), the end mark of the last received frame.
//
// Clock clk_bus. An edge with store keeps now_ns under store_index; at most one of those who store has a given edge of
// the slot wheel. read_data is, from the next edge on, the low or high word (read_high) of read_index as it was before
// this edge, or 0 with read_blank. Never reset.
`default_nettype none
`timescale 1ns/1ps

module time_stamps (
    input  wire        clk_bus,
    input  wire        store,
    input  wire [2:0]  store_index,  // 0 to 6
    input  wire [63:0] now_ns,
    input  wire [2:0]  read_index,
    input  wire        read_high,
    input  wire        read_blank,
    output reg  [31:0] read_data
);
    // Written in pairs of words. no_rw_check: nothing is read at the edge at which it is stored.
    (* ram_style = "block", no_rw_check *) reg [31:0] memory [0:31];
    integer i;
    initial for (i = 0; i < 32; i = i + 1) memory[i] = 32'd0;

    always @(posedge clk_bus) begin
        if (store) begin
            memory[{1'b0, store_index, 1'b0}] <= now_ns[31:0];
            memory[{1'b0, store_index, 1'b1}] <= now_ns[63:32];
        end
        read_data <= memory[{read_blank, read_index, read_high}];
    end
endmodule
