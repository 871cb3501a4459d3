// The ULX3S (ECP5-85F) with a LAN8720 module on its header J1: primitives around board_core.
//
// Untried on hardware. docs/board_core.md has the wiring; pins and clocks: ulx3s_lan8720.lpf.
// Clocks: clk_25mhz is the board's oscillator, from which a PLL makes the bus clock of 50 MHz; rmii_ref_clk is the 50 MHz
// of the oscillator on the module. Reset: until the PLL has locked, and while the button FIRE1 is held.
// The serial line is that of the FT231X (ftdi_txd: to the FPGA). It has no wire for RTS towards the host. ftdi_nrts is its RTS and
// not used: the host may have left it in any state.
// The ESP32 shares header pins with the module: wifi_en keeps it in reset.
// LEDs: 0 session, 1 a frame of the link is being sent, 2 carrier, 3 transmitting, 4 interrupt, 5 in reset.
// Parameters: what a build stamps in, see board_core and mac_rom.
`default_nettype none
`timescale 1ns/1ps

module ulx3s_lan8720 #(
    parameter         BAUD       = 3_000_000,
    parameter [127:0] BOARD_ID   = 128'd0,
    parameter [63:0]  BUILD_HASH = 64'd0,
    parameter [255:0] ROM_IMAGE  = 256'd0
) (
    input  wire       clk_25mhz,
    input  wire       button_fire1,
    output wire [7:0] led,
    output wire       wifi_en,
    // FT231X
    input  wire       ftdi_txd,
    output wire       ftdi_rxd,
    // LAN8720 module
    input  wire       rmii_ref_clk,
    output wire [1:0] rmii_txd,
    output wire       rmii_tx_en,
    input  wire [1:0] rmii_rxd,
    input  wire       rmii_crs_dv,
    output wire       phy_mdc,
    inout  wire       phy_mdio
);
    localparam BUS_HZ = 50_000_000;

    wire clk_bus, is_locked, rst;
    wire mdio_o, mdio_oe, mdio_i;
    wire unused_internal_feedback, unused_request_to_send;

    assign wifi_en  = 1'b0;
    assign led[7:6] = 2'b00;
    assign led[5]   = rst;
    assign led[3:2] = {rmii_tx_en, rmii_crs_dv};

    // 25 MHz * 2; the oscillator of the PLL runs at 600 MHz (50 MHz * CLKOP_DIV), inside its 400 to 800 MHz.
    EHXPLLL #(
        .CLKI_DIV(1), .CLKFB_DIV(2), .FEEDBK_PATH("CLKOP"),
        .CLKOP_ENABLE("ENABLED"), .CLKOP_DIV(12), .CLKOP_CPHASE(5), .CLKOP_FPHASE(0)
    ) pll (
        .CLKI(clk_25mhz), .CLKFB(clk_bus), .CLKOP(clk_bus), .LOCK(is_locked), .CLKINTFB(unused_internal_feedback),
        .RST(1'b0), .STDBY(1'b0), .PLLWAKESYNC(1'b0), .ENCLKOP(1'b0),
        .PHASESEL0(1'b0), .PHASESEL1(1'b0), .PHASEDIR(1'b1), .PHASESTEP(1'b1), .PHASELOADREG(1'b1)
    );

    board_reset reset (.clk(clk_bus), .hold(!is_locked || button_fire1), .rst(rst));

    board_core #(
        .BUS_HZ(BUS_HZ), .BAUD(BAUD), .TIME_SCALE(1), .BOARD_ID(BOARD_ID), .BUILD_HASH(BUILD_HASH)
    ) core (
        .clk_bus(clk_bus), .rst(rst),
        .rxd(ftdi_txd), .txd(ftdi_rxd), .clear_to_send(1'b1), .request_to_send(unused_request_to_send),
        .rom_image(ROM_IMAGE), .phy_link(1'b1),  // the PHY tells its link through MDIO only
        .clk_ref(rmii_ref_clk), .rmii_txd(rmii_txd), .rmii_tx_en(rmii_tx_en),
        .rmii_rxd(rmii_rxd), .rmii_crs_dv(rmii_crs_dv), .rmii_rx_er(1'b0),  // the module does not bring RX_ER out
        .mdc(phy_mdc), .mdio_o(mdio_o), .mdio_oe(mdio_oe), .mdio_i(mdio_i),
        .has_session(led[0]), .activity(led[1]), .irq(led[4])
    );

    BB mdio_pad (.B(phy_mdio), .I(mdio_o), .T(!mdio_oe), .O(mdio_i));
endmodule
