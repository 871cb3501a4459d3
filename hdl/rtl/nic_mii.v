// The LAN adapter on an MII: Wishbone slave, buffer memory, interrupts, and a clause 4 MAC for half and full duplex.
//
// IEEE Std 802.3-2022 clauses 3, 4 and 22; exact timing in docs/adapter.md, registers in rig/adapter/regmap.yaml.
//
// Clocks and reset. clk_bus drives everything that software sees; clk_tx and clk_rx come from the PHY (25 or 2.5 MHz) and drive
// the MAC. rst is synchronous to clk_bus; the MII domains receive it through synchronisers, so mii_tx_en falls at the third
// clk_tx edge after rst rises. The slot wheel and the device time are never reset: they count clk_bus edges from power-up,
// the first edge being number 1.
//
// Bus. Wishbone B4 classic, byte addresses, wb_sel = 1111 only; every access is executed at a clk_bus edge whose number is a
// multiple of 4 and answered so that the master samples wb_ack or wb_err three edges later.
//
// Observation. On clk_tx, for a recorder or a logic analyser. Sample at a rising edge of clk_tx: each signal then says what
// happens AT that edge (it is stable before the edge, and mii_tx_en changes right after it).
//   observe_waiting    a frame waits to start here: its request was seen and its backoff has expired
//   observe_start      an attempt starts: mii_tx_en rises (edge s)
//   observe_collision  the first collision of the attempt is acted on (edge e)
//   observe_jam        the first jam nibble goes out (edge j; may coincide with observe_collision)
//   observe_end        an attempt ends: mii_tx_en falls (edge f); also when a reset cuts it short
//   observe_collided   valid with observe_end: the attempt had a collision
//   observe_draw       valid with observe_end: a backoff of observe_slots slots starts here, another attempt follows
//   observe_slots      valid with observe_draw: the number of slots r
//   observe_attempt    number of the attempt under way or waiting, 1 for the first; at observe_end the one that ends
//   observe_deferring  the deference process is not idle (clause 4: deferring)
//
// Parameters. BUFFER_PAGES: buffer memory in pages of 256 octets, 4 to 64. BUS_HZ: frequency of clk_bus, at least 40 MHz, so that the
// slot wheel outruns a 100 Mb/s MII. TX_SLOTS: transmit slots, 1 to 4.
//
// Not done here: autonegotiation and link supervision (the PHY's, reached through MDIO), RMII (a shim in front).
`default_nettype none
`timescale 1ns/1ps

module nic_mii #(
    parameter BUFFER_PAGES = 64,
    parameter BUS_HZ       = 50_000_000,
    parameter TX_SLOTS     = 4
) (
    input  wire         clk_bus,
    input  wire         rst,
    // Wishbone master
    input  wire         wb_cyc,
    input  wire         wb_stb,
    input  wire         wb_we,
    input  wire [3:0]   wb_sel,
    input  wire [14:0]  wb_adr,
    input  wire [31:0]  wb_dat_w,
    output wire [31:0]  wb_dat_r,
    output wire         wb_ack,
    output wire         wb_err,
    output wire         irq,
    // Board: MAC-address ROM (octet 0 in bits 7..0, constant) and the PHY's link signal (asynchronous)
    input  wire [255:0] rom_image,
    input  wire         phy_link,
    // MII
    input  wire         clk_tx,
    output wire [3:0]   mii_txd,
    output wire         mii_tx_en,
    output wire         mii_tx_er,
    input  wire         clk_rx,
    input  wire [3:0]   mii_rxd,
    input  wire         mii_rx_dv,
    input  wire         mii_rx_er,
    input  wire         mii_crs,
    input  wire         mii_col,
    // Management of the PHY; a pad drives MDIO while mdio_oe is 1
    output wire         mdc,
    output wire         mdio_o,
    output wire         mdio_oe,
    input  wire         mdio_i,
    // Observation (clk_tx), see above
    output wire         observe_waiting,
    output wire         observe_start,
    output wire         observe_collision,
    output wire         observe_jam,
    output wire         observe_end,
    output wire         observe_collided,
    output wire         observe_draw,
    output wire [9:0]   observe_slots,
    output wire [4:0]   observe_attempt,
    output wire         observe_deferring
);
endmodule
