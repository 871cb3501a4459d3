// The LAN adapter on an MII: Wishbone slave, buffer memory, interrupts, and a clause 4 MAC for half and full duplex.
//
// IEEE Std 802.3-2022 clauses 3, 4 and 22; exact timing in docs/adapter.md, registers in rig/adapter/regmap.yaml.
//
// Clocks and reset. clk_bus drives everything that software sees; clk_tx and clk_rx come from the PHY (25 or 2.5 MHz)
// and drive the MAC. rst is synchronous to clk_bus and lasts 16 of its clocks or more, in which the registers take their
// reset values one after the other; the MII domains receive it through synchronisers, so mii_tx_en falls at the third
// clk_tx edge after rst rises. The slot wheel and the device time are never reset: they count clk_bus edges from
// power-up, the first edge being number 1.
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
//   observe_reset      the MAC is in reset: what was under way is cut short at this edge, a frame was not sent whole
//
// Parameters. BUFFER_PAGES: buffer memory in pages of 256 octets, 4 to 64. BUS_HZ: frequency of clk_bus, at least
// 40 MHz, so that the slot wheel outruns a 100 Mb/s MII. TX_SLOTS: transmit slots, 1 to 4.
// BUFFER_PRESET: 0 leaves the buffer memory unknown at power-on, for the SPRAM of an iCE40UP; see ram_single_port.
// RMII: 1 behind rmii_shim, where no SQE test signal can be seen: none is waited for, and CAPS says so.
//
// Not done here: autonegotiation and link supervision (the PHY's, reached through MDIO), RMII (a shim in front).
`default_nettype none
`timescale 1ns/1ps

module nic_mii #(
    parameter BUFFER_PAGES  = 64,
    parameter BUFFER_PRESET = 1,
    parameter BUS_HZ        = 50_000_000,
    parameter TX_SLOTS      = 4,
    parameter RMII          = 0
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
    // CTRL.SPEED100 (clk_bus), for a shim that makes the MII clocks; changes only while nothing is being sent
    output wire         speed100,
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
    output wire         observe_deferring,
    output wire         observe_reset
);
`include "nic_regmap.vh"
    localparam HAS_SQE_TEST = RMII == 0;
    generate
        if (RMII < 0 || RMII > 1) begin : range_check
            PARAMETER_RMII_OUT_OF_RANGE invalid();
        end
    endgenerate

    // Resets, one for each domain; rst_path for what the bus domain shares with the others
    wire rst_bus, rst_path, rst_tx, rst_rx, soft_reset;
    wire [3:0] reset_count;
    assign observe_reset = rst_tx;

    // Configuration (clk_bus)
    wire [10:0] ctrl;
    wire        full_duplex;
    wire [5:0]  gap_part1_nibbles, gap_part2_nibbles, jam_nibbles;
    wire [4:0]  attempt_limit;
    wire [3:0]  backoff_limit;
    wire [7:0]  slot_nibbles;
    wire [15:0] pause_quanta;
    wire [31:0] seed;
    wire        seed_toggle, pause_toggle;

    // Request (clk_bus) and answer (clk_tx)
    wire        request, request_pad, request_fcs, request_control, served, retry;
    wire [10:0] request_octets;
    wire [29:0] outcome;

    // Streams: transmit words, injected backoff words, received words; on both sides of their FIFOs
    wire [34:0] tx_push_data, tx_word;
    wire        tx_push_valid, tx_push_ready, tx_word_valid, tx_word_ready;
    wire [9:0]  inject_push_data, inject_data;
    wire        inject_push_valid, inject_push_ready, inject_valid, inject_ready;
    wire [4:0]  inject_level;
    wire [33:0] rx_word, rx_pop_data;
    wire        rx_word_valid, rx_pop_valid, rx_pop_ready, receiving;
    wire [3:0]  unused_tx_level;
    wire [4:0]  unused_rx_level;
    wire        unused_rx_ready;  // the receive FIFO is emptied faster than an MII can fill it

    // MAC side of the loopback
    wire [3:0]  mac_txd, mac_rxd;
    wire        mac_tx_en, mac_tx_er, mac_rx_dv, mac_rx_er;

    assign speed100 = ctrl[CTRL_SPEED100_LSB];

    nic_reset resets (
        .clk_bus(clk_bus), .rst(rst), .soft_reset(soft_reset), .rst_bus(rst_bus), .rst_path(rst_path), .count(reset_count),
        .clk_tx(clk_tx), .rst_tx(rst_tx), .clk_rx(clk_rx), .rst_rx(rst_rx)
    );

    nic_host #(
        .BUFFER_PAGES(BUFFER_PAGES), .BUFFER_PRESET(BUFFER_PRESET), .BUS_HZ(BUS_HZ), .TX_SLOTS(TX_SLOTS), .RMII(RMII)
    ) host (
        .clk_bus(clk_bus), .rst(rst), .rst_bus(rst_bus), .rst_path(rst_path), .reset_count(reset_count), .soft_reset(soft_reset),
        .wb_cyc(wb_cyc), .wb_stb(wb_stb), .wb_we(wb_we), .wb_sel(wb_sel), .wb_adr(wb_adr), .wb_dat_w(wb_dat_w),
        .wb_dat_r(wb_dat_r), .wb_ack(wb_ack), .wb_err(wb_err), .irq(irq),
        .rom_image(rom_image), .phy_link(phy_link), .mii_crs(mii_crs), .mii_col(mii_col),
        .mdc(mdc), .mdio_o(mdio_o), .mdio_oe(mdio_oe), .mdio_i(mdio_i),
        .ctrl(ctrl), .full_duplex(full_duplex),
        .gap_part1_nibbles(gap_part1_nibbles), .gap_part2_nibbles(gap_part2_nibbles),
        .attempt_limit(attempt_limit), .backoff_limit(backoff_limit), .slot_nibbles(slot_nibbles), .jam_nibbles(jam_nibbles),
        .seed(seed), .seed_toggle(seed_toggle), .pause_quanta(pause_quanta), .pause_toggle(pause_toggle),
        .request(request), .request_octets(request_octets), .request_pad(request_pad), .request_fcs(request_fcs),
        .request_control(request_control), .served(served), .retry(retry), .outcome(outcome),
        .deferring(observe_deferring), .receiving(receiving),
        .tx_data(tx_push_data), .tx_valid(tx_push_valid), .tx_ready(tx_push_ready),
        .inject_data(inject_push_data), .inject_valid(inject_push_valid), .inject_ready(inject_push_ready),
        .inject_level(inject_level),
        .rx_data(rx_pop_data), .rx_valid(rx_pop_valid), .rx_ready(rx_pop_ready)
    );

    async_fifo #(.WIDTH(35), .ADDRESS_BITS(3)) tx_fifo (
        .clk_write(clk_bus), .rst_write(rst_path),
        .write_data(tx_push_data), .write_valid(tx_push_valid), .write_ready(tx_push_ready), .write_level(unused_tx_level),
        .clk_read(clk_tx), .rst_read(rst_tx), .read_data(tx_word), .read_valid(tx_word_valid), .read_ready(tx_word_ready)
    );

    async_fifo #(.WIDTH(10), .ADDRESS_BITS(4)) inject_fifo (
        .clk_write(clk_bus), .rst_write(rst_path),
        .write_data(inject_push_data), .write_valid(inject_push_valid), .write_ready(inject_push_ready),
        .write_level(inject_level),
        .clk_read(clk_tx), .rst_read(rst_tx), .read_data(inject_data), .read_valid(inject_valid), .read_ready(inject_ready)
    );

    async_fifo #(.WIDTH(34), .ADDRESS_BITS(4)) rx_fifo (
        .clk_write(clk_rx), .rst_write(rst_rx),
        .write_data(rx_word), .write_valid(rx_word_valid), .write_ready(unused_rx_ready), .write_level(unused_rx_level),
        .clk_read(clk_bus), .rst_read(rst_path), .read_data(rx_pop_data), .read_valid(rx_pop_valid), .read_ready(rx_pop_ready)
    );

    mac_mii mac (
        .full_duplex(full_duplex), .rx_enable(ctrl[CTRL_RX_EN_LSB]), .sqe_test(HAS_SQE_TEST && !speed100),
        .late_retry(ctrl[CTRL_LATE_RETRY_LSB]), .defer_forever(ctrl[CTRL_DEFER_FOREVER_LSB]),
        .no_backoff(ctrl[CTRL_NO_BACKOFF_LSB]), .force_collision(ctrl[CTRL_FORCE_COL_LSB]),
        .gap_part1_nibbles(gap_part1_nibbles), .gap_part2_nibbles(gap_part2_nibbles),
        .attempt_limit(attempt_limit), .backoff_limit(backoff_limit), .slot_nibbles(slot_nibbles), .jam_nibbles(jam_nibbles),
        .seed(seed), .seed_toggle(seed_toggle), .pause_quanta(pause_quanta), .pause_toggle(pause_toggle),
        .request(request), .request_octets(request_octets), .request_pad(request_pad), .request_fcs(request_fcs),
        .request_control(request_control), .served(served), .retry(retry), .outcome(outcome),
        .clk_tx(clk_tx), .rst_tx(rst_tx), .tx_word(tx_word), .tx_word_valid(tx_word_valid), .tx_word_ready(tx_word_ready),
        .inject_data(inject_data), .inject_valid(inject_valid), .inject_ready(inject_ready),
        .clk_rx(clk_rx), .rst_rx(rst_rx), .rx_word(rx_word), .rx_word_valid(rx_word_valid), .receiving(receiving),
        .txd(mac_txd), .tx_en(mac_tx_en), .tx_er(mac_tx_er), .rxd(mac_rxd), .rx_dv(mac_rx_dv), .rx_er(mac_rx_er),
        .crs(mii_crs), .col(mii_col),
        .deferring(observe_deferring), .observe_waiting(observe_waiting), .observe_start(observe_start),
        .observe_collision(observe_collision), .observe_jam(observe_jam), .observe_end(observe_end),
        .observe_collided(observe_collided), .observe_draw(observe_draw), .observe_slots(observe_slots),
        .observe_attempt(observe_attempt)
    );

    mii_loopback mac_loopback (
        .loopback(ctrl[CTRL_LOOPBACK_LSB]),
        .clk_tx(clk_tx), .rst_tx(rst_tx), .mac_txd(mac_txd), .mac_tx_en(mac_tx_en), .mac_tx_er(mac_tx_er),
        .clk_rx(clk_rx), .rst_rx(rst_rx), .mac_rxd(mac_rxd), .mac_rx_dv(mac_rx_dv), .mac_rx_er(mac_rx_er),
        .mii_txd(mii_txd), .mii_tx_en(mii_tx_en), .mii_tx_er(mii_tx_er),
        .mii_rxd(mii_rxd), .mii_rx_dv(mii_rx_dv), .mii_rx_er(mii_rx_er)
    );
endmodule
