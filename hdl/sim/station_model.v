`default_nettype none
`timescale 1ns/1ps
// One station: a LAN adapter, a bus master and a power supply in place of its host, and its records.
//
// With RMII = 0 the adapter is the one in the socket, number DEVICE of those there are (adapter_socket_model: nic_mii, or
// another that was put in its place), and the MII of this module is its own, with clk_mii as both TX_CLK and RX_CLK. With
// RMII = 1 it is nic_rmii, in a socket of its own, and a PHY with an RMII and a REF_CLK of its own (nibble_ns, phase_ns) lies
// between its pins and the MII of this module, which is the medium's then; tx_er and rx_er do not pass it. With
// PHY_REGISTERS = 1 the PHY answers on MDIO. With BOARD = 1, on an MII, the far end of a board's link is the bus master, at the end of a serial line
// (`on_line.far_end`, see board_far_end_model), and `master` is idle.
//
// Ports: `irq` and `acknowledge` are for the program outside, which drives `master`. While there is no `power` the outputs are
// silent and nothing arrives. `full_duplex` is what the PHY does. `file` and `finish` come from recorder_model, for the events
// of station STATION; on an RMII there are none, since the transmit MAC and the medium keep different clocks. The observe
// group is that of nic_mii, or nic_rmii. With BACK_DOOR = 1, `poke` sets counters: see adapter_socket_model.
// BUS_HZ is the clock that the adapter believes to have.
module station_model #(
    parameter STATION = 0,
    parameter RMII = 0,
    parameter PHY_REGISTERS = 0,
    parameter BOARD = 0,
    parameter DEVICE = 0,
    parameter BACK_DOOR = 0,
    parameter BUS_HZ = 50_000_000,
    parameter BUFFER_PAGES = 64,
    parameter TX_SLOTS = 4
) (
    input  wire         clk_bus,
    // settings
    input  wire         power,
    input  wire         link,
    input  wire [255:0] rom_image,
    input  wire         full_duplex,
    input  wire [ 15:0] nibble_ns,
    input  wire [ 15:0] phase_ns,
    // to the program outside
    output wire         irq,
    output wire         acknowledge,
    // MII
    input  wire         clk_mii,
    output wire         tx_en,
    output wire         tx_er,
    output wire [  3:0] txd,
    input  wire         rx_dv,
    input  wire         rx_er,
    input  wire [  3:0] rxd,
    input  wire         crs,
    input  wire         col,
    // back door to the counters
    input  wire [ 38:0] poke,
    // recorder
    input  wire [ 31:0] file,
    input  wire         finish,
    // observation of the transmit MAC
    output wire         observe_end,
    output wire         observe_collided,
    output wire         observe_reset
);
  wire rst, ready, stb, we, ack, err, adapter_rst;
  wire [3:0] sel;
  wire [14:0] adr;
  wire [31:0] dat_w, dat_r;
  wire master_stb, master_we;
  wire [3:0] master_sel;
  wire [14:0] master_adr;
  wire [31:0] master_dat_w;
  wire adapter_ack, adapter_err, adapter_irq, adapter_tx_en, powered_tx_en, powered_rx_dv, powered_crs, powered_col;
  wire mdc, mdio_o, mdio_oe, mdio_i;
  wire waiting, start, collision, jam, draw;
  wire [9:0] slots;
  wire [4:0] attempt;
  wire [10:0] request_octets;
  wire request_pad, request_fcs;

  power_model supply (
      .clk_bus(clk_bus),
      .power(power),
      .rst(rst),
      .ready(ready),
      .adapter_irq(adapter_irq),
      .adapter_ack(adapter_ack),
      .adapter_err(adapter_err),
      .adapter_tx_en(adapter_tx_en),
      .irq(irq),
      .ack(ack),
      .err(err),
      .tx_en(powered_tx_en),
      .medium_rx_dv(rx_dv),
      .medium_crs(crs),
      .medium_col(col),
      .rx_dv(powered_rx_dv),
      .crs(powered_crs),
      .col(powered_col)
  );

  bus_master_model master (
      .clk_bus(clk_bus),
      .powered(power),
      .ready(ready),
      .acknowledge(acknowledge),
      .wb_stb(master_stb),
      .wb_we(master_we),
      .wb_sel(master_sel),
      .wb_adr(master_adr),
      .wb_dat_w(master_dat_w),
      .wb_dat_r(dat_r),
      .wb_ack(ack),
      .wb_err(err)
  );

  generate
    if (BOARD) begin : on_line
      wire unused_master = &{1'b0, master_stb, master_we, master_sel, master_adr, master_dat_w};

      board_far_end_model #(
          .BUS_HZ(BUS_HZ)
      ) far_end (
          .clk_bus(clk_bus),
          .rst(rst),
          .power(power),
          .irq(irq),
          .adapter_rst(adapter_rst),
          .wb_stb(stb),
          .wb_we(we),
          .wb_sel(sel),
          .wb_adr(adr),
          .wb_dat_w(dat_w),
          .wb_dat_r(dat_r),
          .wb_ack(ack),
          .wb_err(err)
      );
    end else begin : on_bus
      assign adapter_rst = rst;
      assign stb = master_stb;
      assign we = master_we;
      assign sel = master_sel;
      assign adr = master_adr;
      assign dat_w = master_dat_w;
    end

    if (PHY_REGISTERS) begin : management
      mdio_phy_model phy (
          .mdc(mdc),
          .mdio_o(mdio_o),
          .mdio_oe(mdio_oe),
          .mdio_i(mdio_i)
      );
    end else begin : no_management
      wire unused_mdio = &{1'b0, mdc, mdio_o, mdio_oe};
      assign mdio_i = 1'b1;
    end

    if (RMII) begin : on_rmii
      wire clk_adapter, clk_ref, rmii_crs_dv, rmii_rx_er;
      wire [1:0] rmii_txd, rmii_rxd;
      wire unused = &{1'b0, rx_er, file, finish, waiting, jam, draw, slots};

      assign tx_er = 1'b0;

      rmii_socket_model #(
          .BACK_DOOR(BACK_DOOR),
          .BUFFER_PAGES(BUFFER_PAGES),
          .BUS_HZ(BUS_HZ),
          .TX_SLOTS(TX_SLOTS)
      ) adapter (
          .clk_bus(clk_bus),
          .rst(adapter_rst),
          .wb_cyc(stb),
          .wb_stb(stb),
          .wb_we(we),
          .wb_sel(sel),
          .wb_adr(adr),
          .wb_dat_w(dat_w),
          .wb_dat_r(dat_r),
          .wb_ack(adapter_ack),
          .wb_err(adapter_err),
          .irq(adapter_irq),
          .rom_image(rom_image),
          .phy_link(link),
          .clk_ref(clk_ref),
          .rmii_txd(rmii_txd),
          .rmii_tx_en(adapter_tx_en),
          .rmii_rxd(rmii_rxd),
          .rmii_crs_dv(rmii_crs_dv),
          .rmii_rx_er(rmii_rx_er),
          .mdc(mdc),
          .mdio_o(mdio_o),
          .mdio_oe(mdio_oe),
          .mdio_i(mdio_i),
          .clk_mii(clk_adapter),
          .observe_waiting(waiting),
          .observe_start(start),
          .observe_collision(collision),
          .observe_jam(jam),
          .observe_end(observe_end),
          .observe_collided(observe_collided),
          .observe_draw(draw),
          .observe_slots(slots),
          .observe_attempt(attempt),
          .observe_reset(observe_reset),
          .request_octets(request_octets),
          .request_pad(request_pad),
          .request_fcs(request_fcs),
          .poke(poke)
      );

      rmii_phy_model phy (
          .clk(clk_mii),
          .tx_en(tx_en),
          .txd(txd),
          .rx_dv(powered_rx_dv),
          .rxd(rxd),
          .medium_crs(powered_crs),
          .medium_col(powered_col),
          .full_duplex(full_duplex),
          .nibble_ns(nibble_ns),
          .phase_ns(phase_ns),
          .clk_ref(clk_ref),
          .rmii_txd(rmii_txd),
          .rmii_tx_en(powered_tx_en),
          .rmii_rxd(rmii_rxd),
          .rmii_crs_dv(rmii_crs_dv),
          .rmii_rx_er(rmii_rx_er)
      );

      attempt_record_model attempts (
          .clk(clk_adapter),
          .mac_reset(observe_reset),
          .full_duplex(full_duplex),
          .request_octets(request_octets),
          .request_pad(request_pad),
          .request_fcs(request_fcs),
          .start(start),
          .collision(collision),
          .ended(observe_end),
          .attempt(attempt)
      );
    end else begin : on_mii
      wire unused = &{1'b0, nibble_ns, phase_ns};

      assign tx_en = powered_tx_en;

      adapter_socket_model #(
          .DEVICE(DEVICE),
          .BACK_DOOR(BACK_DOOR),
          .BUFFER_PAGES(BUFFER_PAGES),
          .BUS_HZ(BUS_HZ),
          .TX_SLOTS(TX_SLOTS)
      ) adapter (
          .clk_bus(clk_bus),
          .rst(adapter_rst),
          .wb_cyc(stb),
          .wb_stb(stb),
          .wb_we(we),
          .wb_sel(sel),
          .wb_adr(adr),
          .wb_dat_w(dat_w),
          .wb_dat_r(dat_r),
          .wb_ack(adapter_ack),
          .wb_err(adapter_err),
          .irq(adapter_irq),
          .rom_image(rom_image),
          .phy_link(link),
          .clk_tx(clk_mii),
          .mii_txd(txd),
          .mii_tx_en(adapter_tx_en),
          .mii_tx_er(tx_er),
          .clk_rx(clk_mii),
          .mii_rxd(rxd),
          .mii_rx_dv(powered_rx_dv),
          .mii_rx_er(rx_er),
          .mii_crs(powered_crs),
          .mii_col(powered_col),
          .mdc(mdc),
          .mdio_o(mdio_o),
          .mdio_oe(mdio_oe),
          .mdio_i(mdio_i),
          .observe_waiting(waiting),
          .observe_start(start),
          .observe_collision(collision),
          .observe_jam(jam),
          .observe_end(observe_end),
          .observe_collided(observe_collided),
          .observe_draw(draw),
          .observe_slots(slots),
          .observe_attempt(attempt),
          .observe_reset(observe_reset),
          .request_octets(request_octets),
          .request_pad(request_pad),
          .request_fcs(request_fcs),
          .poke(poke)
      );

      station_recorder_model #(
          .STATION(STATION)
      ) recorder (
          .file(file),
          .finish(finish),
          .power(power),
          .irq(irq),
          .clk(clk_mii),
          .tx_en(tx_en),
          .txd(txd),
          .rx_dv(rx_dv),
          .mac_reset(observe_reset),
          .waiting(waiting),
          .start(start),
          .collision(collision),
          .jam(jam),
          .ended(observe_end),
          .collided(observe_collided),
          .draw(draw),
          .slots(slots),
          .attempt(attempt)
      );

      attempt_record_model attempts (
          .clk(clk_mii),
          .mac_reset(observe_reset),
          .full_duplex(full_duplex),
          .request_octets(request_octets),
          .request_pad(request_pad),
          .request_fcs(request_fcs),
          .start(start),
          .collision(collision),
          .ended(observe_end),
          .attempt(attempt)
      );
    end
  endgenerate
endmodule
