`default_nettype none
`timescale 1ns/1ps
// A stand-in for nic_mii with the same ports: it sends what it was told at edges it was told, and logs its MII.
//
// Bus (4 clocks an access, executed at edges k = 0 mod 4, as docs/adapter.md says):
//   0x0000  log: word k holds {crs, col, rx_dv, rxd} as sampled by MII edge k, for k below 4096
//   0x4000  plan: 8 entries of 4 words: first edge, nibbles, collided, unused; entry t sends its nibbles from that edge on
//   0x4800  bit 0 drives the interrupt line
//   0x5000  scratch memory of 1024 words
//   0x7FFC  is never answered; everything else is refused
// Nibble n of entry t at the station whose ROM starts with octet s is (n + n/16 + 3 t + 5 s) mod 16.
module nic_mii #(
    parameter BUFFER_PAGES = 64,
    parameter BUFFER_PRESET = 1,
    parameter BUS_HZ = 50_000_000,
    parameter TX_SLOTS = 4,
    parameter RMII = 0
) (
    input  wire         clk_bus,
    input  wire         rst,
    input  wire         wb_cyc,
    input  wire         wb_stb,
    input  wire         wb_we,
    input  wire [3:0]   wb_sel,
    input  wire [14:0]  wb_adr,
    input  wire [31:0]  wb_dat_w,
    output reg  [31:0]  wb_dat_r,
    output reg          wb_ack,
    output reg          wb_err,
    output reg          irq,
    input  wire [255:0] rom_image,
    input  wire         phy_link,
    input  wire         clk_tx,
    output reg  [3:0]   mii_txd,
    output reg          mii_tx_en,
    output wire         mii_tx_er,
    input  wire         clk_rx,
    input  wire [3:0]   mii_rxd,
    input  wire         mii_rx_dv,
    input  wire         mii_rx_er,
    input  wire         mii_crs,
    input  wire         mii_col,
    output wire         mdc,
    output wire         mdio_o,
    output wire         mdio_oe,
    input  wire         mdio_i,
    output wire         speed100,
    output wire         observe_waiting,
    output wire         observe_start,
    output wire         observe_collision,
    output wire         observe_jam,
    output wire         observe_end,
    output wire         observe_collided,
    output wire         observe_draw,
    output wire [9:0]   observe_slots,
    output wire [4:0]   observe_attempt,
    output wire         observe_deferring,
    output wire         observe_reset
);
  localparam PLANS = 8;
  localparam LOG_WORDS = 4096;

  reg [31:0] memory[0:LOG_WORDS-1];
  reg [31:0] scratch[0:1023];
  reg [31:0] first[0:PLANS-1];
  reg [31:0] count[0:PLANS-1];
  reg [31:0] collided[0:PLANS-1];
  reg [1:0] wheel;
  reg [1:0] answer;  // bus clocks until the master samples the answer
  reg [31:0] k;
  reg [31:0] n;
  reg [2:0] entry;
  reg [31:0] t;

  wire [2:0] plan = wb_adr[6:4];

  initial begin
    for (t = 0; t < LOG_WORDS; t = t + 1) memory[t] = 0;
    for (t = 0; t < 1024; t = t + 1) scratch[t] = 0;
    for (t = 0; t < PLANS; t = t + 1) begin
      first[t] = 32'hFFFF_FFFF;
      count[t] = 0;
      collided[t] = 0;
    end
    wheel = 0;
    answer = 0;
    k = 0;
    n = 0;
    entry = 0;
    wb_dat_r = 0;
    wb_ack = 0;
    wb_err = 0;
    irq = 0;
    mii_tx_en = 0;
    mii_txd = 0;
  end

  always @(posedge clk_bus) begin
    wheel <= wheel + 1;  // is k - 1 (mod 4) before edge k
    wb_ack <= 0;
    wb_err <= 0;
    if (rst) irq <= 0;
    if (wheel == 3 && wb_cyc && wb_stb && wb_adr != 15'h7FFC) answer <= 2;
    else if (answer != 0) begin
      answer <= answer - 1;
      if (answer == 1) begin
        wb_dat_r <= 0;
        if (wb_sel != 4'hF) wb_err <= 1;
        else if (wb_adr < 15'h4000 && !wb_we) begin
          wb_ack <= 1;
          wb_dat_r <= memory[wb_adr[13:2]];
        end else if (wb_adr[14:7] == 8'h80 && wb_we) begin
          wb_ack <= 1;
          if (wb_adr[3:2] == 0) first[plan] <= wb_dat_w;
          if (wb_adr[3:2] == 1) count[plan] <= wb_dat_w;
          if (wb_adr[3:2] == 2) collided[plan] <= wb_dat_w;
        end else if (wb_adr == 15'h4800 && wb_we) begin
          wb_ack <= 1;
          irq <= wb_dat_w[0];
        end else if (wb_adr[14:12] == 5) begin
          wb_ack <= 1;
          wb_dat_r <= scratch[wb_adr[11:2]];
          if (wb_we) scratch[wb_adr[11:2]] <= wb_dat_w;
        end else wb_err <= 1;
      end
    end
  end

  wire [2:0] next_entry = entry + (mii_tx_en ? 3'd1 : 3'd0);
  wire begins = k == first[next_entry] && count[next_entry] != 0;
  wire ends = mii_tx_en && n == count[entry];

  always @(posedge clk_tx) begin
    k <= k + 1;
    if (k < LOG_WORDS) memory[k[11:0]] <= {25'b0, mii_crs, mii_col, mii_rx_dv, mii_rxd};
    if (ends) begin
      mii_tx_en <= 0;
      entry <= entry + 1;
    end else if (mii_tx_en) begin
      n <= n + 1;
      mii_txd <= n[3:0] + n[7:4] + 3 * {1'b0, entry} + 5 * rom_image[3:0];
    end else if (begins) begin
      mii_tx_en <= 1;
      n <= 1;
      mii_txd <= 3 * {1'b0, entry} + 5 * rom_image[3:0];
    end
  end

  assign observe_waiting = begins && !mii_tx_en;
  assign observe_start = begins && !mii_tx_en;
  assign observe_collision = 0;
  assign observe_jam = 0;
  assign observe_end = ends;
  assign observe_collided = collided[entry][0];
  assign observe_draw = 0;
  assign observe_slots = 0;
  assign observe_attempt = 1;
  assign observe_deferring = 0;
  assign observe_reset = 0;
  assign mii_tx_er = 0;
  assign mdc = 0;
  assign mdio_o = 0;
  assign mdio_oe = 0;
  assign speed100 = 0;
endmodule
