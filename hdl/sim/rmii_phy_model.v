`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off BLKSEQ */  // a behavioural model: its variables change as the text runs, what leaves it by <=
/* verilator lint_off ZERODLY */  // the delay is not constant, but it is never zero
// A PHY with an RMII, as the LAN8720 has one: between the RMII pins of an adapter and the segment of the bench.
//
// RMII specification rev. 1.2 (RMII Consortium). It gives the adapter REF_CLK, and works on the segment's nibbles
// with clk, which is to the segment the TX_CLK and RX_CLK of this station. Both clocks have one source, so neither
// buffer can run over or dry.
//
// Transmit: di-bits from TX_EN on become nibbles, which are sent at the next edges of clk.
// Receive: CRS_DV rises with the carrier, whenever that is; RXD stays 00 until ELASTIC nibbles wait, and then gives
// them. A carrier that goes while nibbles wait makes CRS_DV low in each first di-bit and high in each second one. After the
// last nibble CRS_DV is low for one nibble at least. RX_ER is never raised.
//
// Ports: medium_crs and medium_col are those of the segment; what the own transmission adds to them is taken out again.
// nibble_ns (40 or 400) and phase_ns (first edge of clk) are sampled 0.1 ns after the start of the simulation.
// Timing: clk_ref rises REF_OFFSET_NS after the rise of clk and every 20 ns; the RMII outputs but the rise of CRS_DV
// change there.
module rmii_phy_model #(
    parameter real REF_OFFSET_NS = 7,
    parameter ELASTIC = 2
) (
    // segment
    input  wire        clk,
    output reg         tx_en,
    output reg  [ 3:0] txd,
    input  wire        rx_dv,
    input  wire [ 3:0] rxd,
    input  wire        medium_crs,
    input  wire        medium_col,
    input  wire        full_duplex,
    input  wire [15:0] nibble_ns,
    input  wire [15:0] phase_ns,
    // RMII
    output reg         clk_ref,
    input  wire [ 1:0] rmii_txd,
    input  wire        rmii_tx_en,
    output wire [ 1:0] rmii_rxd,
    output wire        rmii_crs_dv,
    output wire        rmii_rx_er
);
  localparam SLOW_NIBBLE_NS = 400;
  localparam HOLD_SLOW = 10;  // REF_CLK periods a di-bit
  localparam DEPTH_BITS = 4;
  localparam DEPTH = 1 << DEPTH_BITS;

  integer hold;
  real delay_ns;
  initial begin
    clk_ref = 0;
    #0.1;
    hold = nibble_ns == SLOW_NIBBLE_NS ? HOLD_SLOW : 1;
    delay_ns = phase_ns + REF_OFFSET_NS;
    #(delay_ns + 0.15);
    forever begin
      clk_ref = 1;
      #10 clk_ref = 0;
      #10;
    end
  end

  // --- transmit ---
  reg [3:0] sending[0:DEPTH-1];
  reg [DEPTH_BITS-1:0] sent_in, sent_out;  // numbers of nibbles
  integer tx_clocks;  // with TX_EN, so far
  reg [1:0] low;

  initial begin
    tx_en = 0;
    txd = 0;
    sent_in = 0;
    sent_out = 0;
    tx_clocks = 0;
    low = 0;
  end

  always @(posedge clk_ref)
    if (!rmii_tx_en) tx_clocks = 0;
    else begin
      if (tx_clocks == 0) low = rmii_txd;
      if (tx_clocks == hold) begin
        sending[sent_in] = {rmii_txd, low};
        sent_in = sent_in + 1;
      end
      tx_clocks = tx_clocks + 1 == 2 * hold ? 0 : tx_clocks + 1;
    end

  always @(posedge clk) begin
    tx_en <= sent_in != sent_out;
    if (sent_in != sent_out) begin
      txd <= sending[sent_out];
      sent_out = sent_out + 1;
    end
  end

  // --- receive ---
  localparam [1:0] SILENT = 0;  // CRS_DV follows the carrier
  localparam [1:0] GIVING = 1;  // nibbles on RXD
  localparam [1:0] CLOSING = 2;  // CRS_DV low for a nibble

  reg [4:0] waiting[0:DEPTH-1];  // end mark, nibble
  reg [DEPTH_BITS-1:0] heard_in, heard_out;
  reg was_receiving;
  reg [1:0] state;
  reg [1:0] dibit, high;
  reg crs_dv;
  integer rx_clocks;  // of the nibble that is given, so far
  reg carrier_there;

  wire carrier = tx_en && !full_duplex ? medium_col : medium_crs;
  wire [DEPTH_BITS-1:0] level = heard_in - heard_out;
  wire [4:0] next = waiting[heard_out];

  initial begin
    heard_in = 0;
    heard_out = 0;
    was_receiving = 0;
    state = SILENT;
    dibit = 0;
    high = 0;
    crs_dv = 0;
    rx_clocks = 0;
    carrier_there = 0;
  end

  always @(posedge clk) begin
    if (rx_dv || was_receiving) begin
      waiting[heard_in] = {!rx_dv, rxd};
      heard_in = heard_in + 1;
    end
    was_receiving = rx_dv;
  end

  always @(posedge clk_ref) begin
    rx_clocks = rx_clocks + 1;
    if (state == GIVING && rx_clocks == hold) begin
      dibit <= high;
      crs_dv <= 1;
    end
    if (state == SILENT || rx_clocks == 2 * hold) begin
      rx_clocks = 0;
      if (state == CLOSING) state <= SILENT;
      else if (state == SILENT && level < ELASTIC) dibit <= 0;
      else if (next[4]) begin
        heard_out = heard_out + 1;
        state <= CLOSING;
        dibit <= 0;
        crs_dv <= 0;
      end else begin
        // Once gone within a frame, the carrier is back with the next frame only.
        carrier_there = carrier && (carrier_there || state == SILENT);
        state <= GIVING;
        {high, dibit} <= next[3:0];
        crs_dv <= carrier_there;
        heard_out = heard_out + 1;  // last: `next` follows it
      end
    end
  end

  assign rmii_rxd = dibit;
  assign rmii_crs_dv = state == SILENT ? carrier : crs_dv;
  assign rmii_rx_er = 1'b0;
endmodule
/* verilator lint_on ZERODLY */
/* verilator lint_on BLKSEQ */
