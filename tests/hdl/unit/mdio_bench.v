`default_nettype none
`timescale 1ns/1ps
// Bench of mdio_master with a clause 22 PHY behind it: 32 registers at address `phy`, driven 300 ns after MDC, the
// worst that is allowed.
//
// clocks counts clk_bus edges. When `go` changes, value is written to the MDIO register at the next edge;
// finished_at is the edge of done.
module mdio_bench;
  `include "nic_regmap.vh"
  reg clk_bus = 0, rst = 1;
  integer clocks = 0;
  always #10 clk_bus = !clk_bus;

  reg go = 0, gone = 0;
  reg [31:0] value = 0;
  reg [4:0] phy = 3;
  integer started_at = 0, finished_at = 0, finishes = 0;
  integer rises = 0, first_rise_at = 0, last_rise_at = 0, shortest = 1000000, setup_problems = 0;

  wire [31:0] read_data;
  wire done, mdc, mdio_o, mdio_oe;
  reg phy_drives = 0, phy_bit = 1;
  wire #1 mdio = mdio_oe ? mdio_o : phy_drives ? phy_bit : 1'b1;  // pull-up

  wire write = go != gone;
  mdio_master #(.BUS_HZ(50_000_000)) master (
      .clk_bus(clk_bus), .rst(rst), .write_mdio(write), .write_data(value),
      .read_data(read_data), .done(done), .mdc(mdc), .mdio_o(mdio_o), .mdio_oe(mdio_oe), .mdio_i(mdio)
  );

  always @(posedge clk_bus) begin
    clocks <= clocks + 1;
    if (clocks == 4) rst <= 0;
    gone <= go;
    if (write && !read_data[31]) started_at <= clocks;
    if (done) begin
      finished_at <= clocks;
      finishes <= finishes + 1;
    end
  end

  // The PHY: counts ones as preamble, then takes the frame.
  reg [15:0] registers [0:31];
  reg [31:0] shift = 0;
  integer ones = 0, position = -1, answers = 0, preamble_seen = 0, changed_ns = 0;
  reg [31:0] frame_seen = 0;
  reg mine = 0, reads = 0;
  reg [15:0] answer = 0;
  reg suppression = 0;  // preamble may be missing
  integer n;
  initial for (n = 0; n < 32; n = n + 1) registers[n] = n * 257 + 4096;

  always @(mdio) changed_ns = $time;

  always @(posedge mdc) begin
    if (rises != 0 && $time - last_rise_at < shortest && position != -1) shortest = $time - last_rise_at;
    rises = rises + 1;
    last_rise_at = $time;
    if (mdio_oe && $time - changed_ns < 10) setup_problems = setup_problems + 1;  // 22.3.4: 10 ns
    if (position < 0) begin
      if (mdio) ones = ones + 1;
      else begin  // first bit of the start, if there was enough preamble
        preamble_seen = ones;
        if (ones >= 32 || suppression) begin
          position = 1;
          shift = 0;
        end
        ones = 0;
      end
    end else begin
      shift = {shift[30:0], mdio};
      position = position + 1;
      if (position == 14) begin
        mine = shift[9:5] == phy && shift[12] == 1;
        reads = shift[11:10] == 2'b10;
        answer = registers[shift[4:0]];
        frame_seen = shift;
      end
      if (position == 32) begin
        if (mine && !reads) registers[frame_seen[4:0]] = shift[15:0];
        if (mine) answers = answers + 1;
        position = -1;
      end
    end
    // What the PHY drives during the next bit, 300 ns later.
    phy_drives <= #300 mine && reads && position >= 15 && position < 32;
    phy_bit <= #300 position == 15 ? 1'b0 : answer[31 - position];
    if (position < 14) mine = 0;
  end
endmodule
