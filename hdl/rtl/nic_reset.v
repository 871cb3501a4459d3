// Resets of the adapter: power-on (rst) and SOFT_RESET, in the bus domain and in the two MII domains.
//
// rst has to last 16 clocks. clk_bus domain: rst_bus holds the registers in reset while rst, and for 16 clocks after
// soft_reset (a pulse at the execute edge).
// rst_path holds everything that talks to an MII domain in reset; it also waits until both MII domains have been
// reset, which takes longer than 16 bus clocks at 10 Mb/s. rst_tx and rst_rx are rst_path behind a synchroniser:
// seen two edges later.
// Without an MII clock rst_path stays, so nothing is sent or received; the registers answer all the same.
// Not done here: a filter for a bouncing reset pin.
`default_nettype none
`timescale 1ns/1ps

module nic_reset (
    input  wire       clk_bus,
    input  wire       rst,
    input  wire       soft_reset,
    output wire       rst_bus,
    output reg        rst_path,
    output reg  [3:0] count,  // runs through all its values while rst_bus is high
    // MII domains
    input  wire clk_tx,
    output wire rst_tx,
    input  wire clk_rx,
    output wire rst_rx
);
    reg       holding;  // the 16 clocks of a soft reset
    initial count = 4'd0;
    reg       tx_was_reset, rx_was_reset;
    wire      tx_answer, rx_answer;

    wire last = holding && count == 4'd15;

    assign rst_bus = rst || holding;

    always @(posedge clk_bus) begin
        count <= count + 4'd1;
        if (last) holding <= 1'b0;
        if ((!holding || last) && tx_answer && rx_answer) rst_path <= 1'b0;
        if (soft_reset) begin
            holding  <= 1'b1;
            count    <= 4'd0;
            rst_path <= 1'b1;
        end
        if (rst) begin
            holding  <= 1'b0;
            rst_path <= 1'b1;
        end
    end

    // Crossings: levels. The answer follows one edge after the reset took effect.
    sync_2ff to_tx (.clk(clk_tx), .d(rst_path), .q(rst_tx));
    sync_2ff to_rx (.clk(clk_rx), .d(rst_path), .q(rst_rx));
    always @(posedge clk_tx) tx_was_reset <= rst_tx;
    always @(posedge clk_rx) rx_was_reset <= rst_rx;
    sync_2ff from_tx (.clk(clk_bus), .d(tx_was_reset), .q(tx_answer));
    sync_2ff from_rx (.clk(clk_bus), .d(rx_was_reset), .q(rx_answer));
endmodule
