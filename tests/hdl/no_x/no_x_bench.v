`default_nettype none
`timescale 1ns/1ps
// The bench of two adapters, with a watch on every output of each: it prints a line for an unknown or floating bit.
//
// Ports: none. An output is looked at on every edge of the clock it belongs to from the end of the adapter's reset in that
// domain on: the management pins and the bus answers on clk_bus; the MII and the observation on clk_mii, where the reset takes
// effect at the third edge after it rises. An unknown word that a bus master reads is printed with its address. Each adapter and group
// prints once.
module no_x_bench;
  localparam STATIONS = 2;
  localparam [2:0] RESET_EDGES = 4;  // one before the reset rises, and three for it to take effect

  wire [2*STATIONS-1:0] attention;

  segment_bench #(.STATIONS(STATIONS)) bench (.attention(attention));

  genvar i;
  generate
    for (i = 0; i < STATIONS; i = i + 1) begin : watch
      wire [38:0] bus_outputs = {
        bench.stations[i].station.on_mii.adapter.device.wb_dat_r,
        bench.stations[i].station.on_mii.adapter.device.wb_ack,
        bench.stations[i].station.on_mii.adapter.device.wb_err,
        bench.stations[i].station.on_mii.adapter.device.irq,
        bench.stations[i].station.on_mii.adapter.device.mdc,
        bench.stations[i].station.on_mii.adapter.device.mdio_o,
        bench.stations[i].station.on_mii.adapter.device.mdio_oe,
        bench.stations[i].station.on_mii.adapter.device.speed100
      };
      wire [29:0] mii_outputs = {
        bench.stations[i].station.on_mii.adapter.device.mii_txd,
        bench.stations[i].station.on_mii.adapter.device.mii_tx_en,
        bench.stations[i].station.on_mii.adapter.device.mii_tx_er,
        bench.stations[i].station.on_mii.adapter.device.observe_waiting,
        bench.stations[i].station.on_mii.adapter.device.observe_start,
        bench.stations[i].station.on_mii.adapter.device.observe_collision,
        bench.stations[i].station.on_mii.adapter.device.observe_jam,
        bench.stations[i].station.on_mii.adapter.device.observe_end,
        bench.stations[i].station.on_mii.adapter.device.observe_collided,
        bench.stations[i].station.on_mii.adapter.device.observe_draw,
        bench.stations[i].station.on_mii.adapter.device.observe_slots,
        bench.stations[i].station.on_mii.adapter.device.observe_attempt,
        bench.stations[i].station.on_mii.adapter.device.observe_deferring,
        bench.stations[i].station.on_mii.adapter.device.observe_reset
      };
      wire reads = bench.stations[i].station.ack === 1'b1 && bench.stations[i].station.we === 1'b0;
      reg bus_told, mii_told, read_told;
      reg [2:0] mii_edges;

      initial begin
        bus_told = 0;
        mii_told = 0;
        read_told = 0;
        mii_edges = 0;
      end

      always @(posedge bench.clk_bus)
        if (bench.stations[i].station.rst === 1'b0) begin
          if (^bus_outputs === 1'bx && !bus_told) begin
            bus_told = 1;
            $display("unknown: adapter %0d at %0d ns: bus outputs %b", i, $time, bus_outputs);
          end
          if (reads && ^bench.stations[i].station.dat_r === 1'bx && !read_told) begin
            read_told = 1;
            $display("unknown: adapter %0d at %0d ns: address %h reads %b", i, $time, bench.stations[i].station.adr,
                     bench.stations[i].station.dat_r);
          end
        end

      always @(posedge bench.clk_mii[i])
        if (mii_edges != RESET_EDGES) mii_edges = mii_edges + 1;
        else if (bench.stations[i].station.rst === 1'b0 && ^mii_outputs === 1'bx && !mii_told) begin
          mii_told = 1;
          $display("unknown: adapter %0d at %0d ns: MII outputs %b", i, $time, mii_outputs);
        end
    end
  endgenerate
endmodule
