// A whole board but its pads, PLL and reset: the LAN adapter on an RMII behind the far end of the board link.
//
// docs/board_link.md, docs/adapter.md "RMII". Simulates anywhere and synthesises for anything; the tops in hdl/boards put
// primitives around it.
// Clocks and reset: clk_bus, with rst synchronous to it (power-on); clk_ref is the REF_CLK of the PHY, 50 MHz.
// rom_image is what the MAC-address ROM holds, constant, octet 0 in bits 7..0; phy_link as in nic_mii.
// Parameters: BUS_HZ, at least 40 MHz; BAUD, at most BUS_HZ / 16; TIME_SCALE, how many times slower than life the device's
// time goes (1 on hardware); BOARD_ID, ASCII, and BUILD_HASH, the first octet in bits 7..0; the rest as in nic_mii and
// board_link.
`default_nettype none
`timescale 1ns/1ps

module board_core #(
    parameter         BUS_HZ            = 50_000_000,
    parameter         BAUD              = 3_000_000,
    parameter [31:0]  TIME_SCALE        = 32'd1,
    parameter [127:0] BOARD_ID          = 128'd0,
    parameter [63:0]  BUILD_HASH        = 64'd0,
    parameter         EVENT_REPEAT_BITS = 20,
    parameter         BUFFER_PAGES      = 64,
    parameter         BUFFER_PRESET     = 1,
    parameter         TX_SLOTS          = 4
) (
    input  wire         clk_bus,
    input  wire         rst,
    // Serial line
    input  wire         rxd,
    output wire         txd,
    input  wire         clear_to_send,
    output wire         request_to_send,
    // Board
    input  wire [255:0] rom_image,
    input  wire         phy_link,
    // RMII
    input  wire         clk_ref,
    output wire [1:0]   rmii_txd,
    output wire         rmii_tx_en,
    input  wire [1:0]   rmii_rxd,
    input  wire         rmii_crs_dv,
    input  wire         rmii_rx_er,
    // Management of the PHY; a pad drives MDIO while mdio_oe is 1
    output wire         mdc,
    output wire         mdio_o,
    output wire         mdio_oe,
    input  wire         mdio_i,
    // LEDs
    output wire         has_session,
    output wire         activity,
    output wire         irq
);
`include "nic_regmap.vh"
    localparam [7:0]  VERSION         = 8'd1;
    localparam [7:0]  WINDOW          = 8'd8;
    localparam [15:0] LARGEST_PAYLOAD = 16'd2036;
    localparam [15:0] RECEIVE_OCTETS  = 16'd4096;
    localparam [15:0] STORE_OCTETS    = 16'd4096;
    localparam [31:0] CLOCK           = BUS_HZ;
    localparam [31:0] RATE            = BAUD;
    localparam [383:0] GREETING = {BOARD_ID, BUILD_HASH, MAP_HASH, TIME_SCALE, RATE, CLOCK, STORE_OCTETS, RECEIVE_OCTETS,
                                   LARGEST_PAYLOAD, WINDOW, VERSION};

    wire        adapter_rst;
    wire        wb_stb, wb_we, wb_ack, wb_err;
    wire [3:0]  wb_sel;
    wire [14:0] wb_adr;
    wire [31:0] wb_dat_w, wb_dat_r;

    board_link #(
        .CLK_HZ(BUS_HZ), .BAUD(BAUD), .GREETING(GREETING), .EVENT_REPEAT_BITS(EVENT_REPEAT_BITS)
    ) link (
        .clk(clk_bus), .rst(rst),
        .rxd(rxd), .txd(txd), .clear_to_send(clear_to_send), .request_to_send(request_to_send),
        .wb_stb(wb_stb), .wb_we(wb_we), .wb_sel(wb_sel), .wb_adr(wb_adr), .wb_dat_w(wb_dat_w), .wb_dat_r(wb_dat_r),
        .wb_ack(wb_ack), .wb_err(wb_err), .irq(irq), .adapter_rst(adapter_rst),
        .has_session(has_session), .activity(activity)
    );

    /* verilator lint_off PINCONNECTEMPTY */  // a board has no use for the observation outputs
    nic_rmii #(
        .BUFFER_PAGES(BUFFER_PAGES), .BUFFER_PRESET(BUFFER_PRESET), .BUS_HZ(BUS_HZ), .TX_SLOTS(TX_SLOTS)
    ) adapter (
        .clk_bus(clk_bus), .rst(adapter_rst),
        .wb_cyc(wb_stb), .wb_stb(wb_stb), .wb_we(wb_we), .wb_sel(wb_sel), .wb_adr(wb_adr), .wb_dat_w(wb_dat_w),
        .wb_dat_r(wb_dat_r), .wb_ack(wb_ack), .wb_err(wb_err), .irq(irq),
        .rom_image(rom_image), .phy_link(phy_link),
        .clk_ref(clk_ref), .rmii_txd(rmii_txd), .rmii_tx_en(rmii_tx_en),
        .rmii_rxd(rmii_rxd), .rmii_crs_dv(rmii_crs_dv), .rmii_rx_er(rmii_rx_er),
        .mdc(mdc), .mdio_o(mdio_o), .mdio_oe(mdio_oe), .mdio_i(mdio_i), .clk_mii(),
        .observe_waiting(), .observe_start(), .observe_collision(), .observe_jam(), .observe_end(), .observe_collided(),
        .observe_draw(), .observe_slots(), .observe_attempt(), .observe_deferring(), .observe_reset()
    );
    /* verilator lint_on PINCONNECTEMPTY */
endmodule
