`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off SYNCASYNCNET */  // a power failure waits for no clock
// The power supply of one adapter and its PHY: power-on reset, and silence of every output while there is no power.
//
// Ports: `power` is the switch, changed on whole ns. rst and ready belong to clk_bus: rst falls at the 16th edge with power,
// `ready` says that the next edge is that one or a later one. What comes from the adapter passes through, masked at once
// when the power fails.
// An interruption must last 5 nibbles or more, for the reset to reach all clock domains, as any real one does.
// It does not clear memories; the adapter's reset must leave nothing of its past that can be seen.
module power_model (
    input  wire clk_bus,
    input  wire power,
    output wire rst,
    output wire ready,
    // from the adapter
    input  wire adapter_irq,
    input  wire adapter_ack,
    input  wire adapter_err,
    input  wire adapter_tx_en,
    // to the bench
    output wire irq,
    output wire ack,
    output wire err,
    output wire tx_en,
    // from the medium, through the PHY, which has the same supply
    input  wire medium_rx_dv,
    input  wire medium_crs,
    input  wire medium_col,
    output wire rx_dv,
    output wire crs,
    output wire col
);
  localparam [4:0] RESET_EDGES = 16;

  reg [4:0] edges;  // with power, so far

  initial edges = 0;

  always @(posedge clk_bus)
    if (!power) edges <= 0;
    else if (edges != RESET_EDGES) edges <= edges + 1;

  assign rst = !power || edges != RESET_EDGES;
  assign ready = edges >= RESET_EDGES - 1;
  wire is_alive = power && edges != 0;  // before the first edge with power the adapter's registers hold anything
  assign irq = is_alive && adapter_irq;
  assign ack = is_alive && adapter_ack;
  assign err = is_alive && adapter_err;
  assign tx_en = power && !rst && adapter_tx_en;
  assign rx_dv = power && medium_rx_dv;
  assign crs = power && medium_crs;
  assign col = power && medium_col;
endmodule
/* verilator lint_on SYNCASYNCNET */
