// The adapter's bus domain: everything between the Wishbone slave and the FIFOs to the MAC.
//
// docs/adapter.md; clk_bus only. rst is the power-on reset, rst_bus that and the soft reset, rst_path the longer
// one of what talks to the MII domains (nic_reset). Signals of other domains enter through sync_2ff: the pins
// phy_link, mii_crs, mii_col; served, retry, deferring (clk_tx), receiving (clk_rx); outcome is held still beside
// served.
// Parameters: BUFFER_PAGES, BUFFER_PRESET, BUS_HZ, TX_SLOTS, RMII: see nic_mii.
`default_nettype none
`timescale 1ns/1ps

module nic_host #(
    parameter BUFFER_PAGES  = 64,
    parameter BUFFER_PRESET = 1,
    parameter BUS_HZ        = 50_000_000,
    parameter TX_SLOTS      = 4,
    parameter RMII          = 0
) (
    input  wire         clk_bus,
    input  wire         rst,
    input  wire         rst_bus,
    input  wire         rst_path,
    input  wire [3:0]   reset_count,
    output wire         soft_reset,
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
    // Board and PHY
    input  wire [255:0] rom_image,
    input  wire         phy_link,
    input  wire         mii_crs,
    input  wire         mii_col,
    output wire         mdc,
    output wire         mdio_o,
    output wire         mdio_oe,
    input  wire         mdio_i,
    // Configuration of the MAC
    output wire [10:0]  ctrl,
    output wire         full_duplex,
    output wire [5:0]   gap_part1_nibbles,
    output wire [5:0]   gap_part2_nibbles,
    output wire [4:0]   attempt_limit,
    output wire [3:0]   backoff_limit,
    output wire [7:0]   slot_nibbles,
    output wire [5:0]   jam_nibbles,
    output wire [31:0]  seed,
    output wire         seed_toggle,
    output wire [15:0]  pause_quanta,
    output wire         pause_toggle,
    // Request to the MAC and its answer
    output wire         request,
    output wire [10:0]  request_octets,
    output wire         request_pad,
    output wire         request_fcs,
    output wire         request_control,
    input  wire         served,
    input  wire         retry,
    input  wire [29:0]  outcome,
    input  wire         deferring,
    input  wire         receiving,
    // FIFOs
    output wire [34:0]  tx_data,
    output wire         tx_valid,
    input  wire         tx_ready,
    output wire [9:0]   inject_data,
    output wire         inject_valid,
    input  wire         inject_ready,
    input  wire [4:0]   inject_level,
    input  wire [33:0]  rx_data,
    input  wire         rx_valid,
    output wire         rx_ready
);
`include "nic_regmap.vh"
    localparam [63:0] BUS_HZ_MINIMUM = 40_000_000;  // one word per turn of the slot wheel must outrun 100 Mb/s both ways
    generate
        if (BUS_HZ < BUS_HZ_MINIMUM) begin : range_check
            PARAMETER_BUS_HZ_OUT_OF_RANGE invalid();
        end
    endgenerate

    localparam [7:0] PAGES       = BUFFER_PAGES;
    localparam [3:0] SLOTS       = TX_SLOTS;
    localparam [1:0] MII_SYNC    = 2'd2;  // COL_SYNC and CRS_SYNC, see sync_2ff
    localparam [3:0] BUS_CYCLES  = 4'd4;  // see slot_wheel
    localparam [0:0] BEHIND_RMII = RMII != 0;

    // Time
    wire        slot_bus, slot_fetch, slot_take, slot_store;
    wire [63:0] now_ns;
    slot_wheel wheel (
        .clk_bus(clk_bus), .slot_bus(slot_bus), .slot_fetch(slot_fetch), .slot_take(slot_take), .slot_store(slot_store)
    );
    device_time #(.BUS_HZ(BUS_HZ)) clock (.clk_bus(clk_bus), .now_ns(now_ns));

    // Bus
    wire        execute_read, execute_write, buffer_write, in_counters, in_time;
    wire        register_mapped, register_writable, register_refused;
    wire [31:0] live_data, file_data, counter_data, time_data, buffer_data;
    wishbone_slave #(.BUFFER_PAGES(BUFFER_PAGES), .TX_SLOTS(TX_SLOTS)) bus (
        .clk_bus(clk_bus), .rst(rst), .rst_bus(rst_bus),
        .slot_bus(slot_bus), .slot_fetch(slot_fetch), .slot_take(slot_take),
        .wb_cyc(wb_cyc), .wb_stb(wb_stb), .wb_we(wb_we), .wb_sel(wb_sel), .wb_adr(wb_adr),
        .wb_dat_r(wb_dat_r), .wb_ack(wb_ack), .wb_err(wb_err),
        .execute_read(execute_read), .execute_write(execute_write), .buffer_write(buffer_write),
        .register_mapped(register_mapped), .register_writable(register_writable), .register_refused(register_refused),
        .in_counters(in_counters), .in_time(in_time), .live_data(live_data), .file_data(file_data),
        .counter_data(counter_data), .time_data(time_data), .buffer_data(buffer_data)
    );

    // Status
    wire link, crs_here, col_here, deferring_here, receiving_here, any_busy, link_change, pause_sending;
    sync_2ff #(.WIDTH(5)) cross_status (
        .clk(clk_bus), .d({phy_link, mii_crs, mii_col, deferring, receiving}),
        .q({link, crs_here, col_here, deferring_here, receiving_here})
    );
    link_monitor monitor (.clk_bus(clk_bus), .rst(rst_bus), .link(link), .change(link_change));

    // Registers
    wire [31:0] mdio_data;
    wire [7:0]  rx_curr, rx_start, rx_stop, rx_bnry, interrupt_status;
    wire [47:0] mac_address;
    wire [63:0] multicast_hash;
    wire [4:0]  rx_cfg;
    wire [10:0] frame_spare;
    wire [16:0] pause_cfg;
    wire        register_write, mdio_write, pause_send, refuse_rx_en, rx_load, slot_refused, busy_slot, send_here;
    nic_registers #(.BUFFER_PAGES(BUFFER_PAGES), .TX_SLOTS(TX_SLOTS)) registers (
        .clk_bus(clk_bus), .rst(rst_bus), .rst_path(rst_path), .slot_bus(slot_bus),
        .execute_write(execute_write), .address(wb_adr[14:2]), .write_data(wb_dat_w),
        .mapped(register_mapped), .writable(register_writable), .refused(register_refused), .live_data(live_data),
        .register_write(register_write), .mdio_write(mdio_write), .inject_write(inject_valid), .pause_send(pause_send),
        .refuse_rx_en(refuse_rx_en), .rom_image(rom_image),
        .status({2'b00, receiving_here, any_busy, deferring_here, col_here, crs_here, link}),
        .interrupt_status(interrupt_status), .slot_send(send_here), .mdio_data(mdio_data), .pause_sending(pause_sending),
        .rx_curr(rx_curr), .inject_level(inject_level), .inject_ready(inject_ready && !rst_path),
        .error_tx_length(slot_refused), .error_busy_slot(busy_slot),
        .soft_reset(soft_reset), .ctrl(ctrl), .full_duplex(full_duplex), .rx_load(rx_load),
        .gap_part1_nibbles(gap_part1_nibbles), .gap_part2_nibbles(gap_part2_nibbles),
        .attempt_limit(attempt_limit), .backoff_limit(backoff_limit), .slot_nibbles(slot_nibbles), .jam_nibbles(jam_nibbles),
        .seed(seed), .seed_toggle(seed_toggle),
        .mac_address(mac_address), .multicast_hash(multicast_hash), .rx_cfg(rx_cfg), .frame_spare(frame_spare),
        .rx_start(rx_start), .rx_stop(rx_stop), .rx_bnry(rx_bnry), .pause_cfg(pause_cfg)
    );
    assign inject_data = wb_dat_w[9:0];

    wire [5:0]  file_word;
    wire        file_blank, push, issue, issue_control, done, done_control;
    wire [1:0]  head_slot, push_slot, done_slot;
    wire [12:0] done_status;
    wire [4:0]  done_late_collisions;
    wire        finish = done && !done_control;
    register_file #(
        .CAPS({11'd0, BEHIND_RMII, BUS_CYCLES, SLOTS, MII_SYNC, MII_SYNC, PAGES}), .BUS_HZ(BUS_HZ)
    ) file (
        .clk_bus(clk_bus), .rst(rst_bus), .sweep(reset_count),
        .write(execute_write && !busy_slot && !(mdio_write && mdio_data[MDIO_BUSY_LSB])),
        .write_word(wb_adr[7:2]), .write_data(wb_dat_w), .refuse_rx_en(refuse_rx_en),
        .finish(finish), .refuse(slot_refused), .status_slot(finish ? done_slot : push_slot), .status(done_status),
        .read_word(file_word), .read_blank(file_blank), .read_data(file_data)
    );

    // Transmit
    tx_slots #(.BUFFER_PAGES(BUFFER_PAGES), .TX_SLOTS(TX_SLOTS)) slots (
        .clk_bus(clk_bus), .rst(rst_bus),
        .slot_bus(slot_bus), .slot_fetch(slot_fetch), .slot_take(slot_take), .slot_store(slot_store),
        .execute_write(execute_write), .is_write(wb_we), .address(wb_adr[14:2]), .write_send(wb_dat_w[TX_COMMAND_SEND_LSB]),
        .send_here(send_here), .file_word(file_word), .file_blank(file_blank), .file_data(file_data[10:0]),
        .fcs_enable(ctrl[CTRL_FCS_EN_LSB]), .frame_spare(frame_spare),
        .push(push), .push_slot(push_slot), .head_slot(head_slot), .finish(finish), .finish_slot(done_slot),
        .refused(slot_refused), .busy_slot(busy_slot), .any_busy(any_busy)
    );
    tx_queue queue (
        .clk_bus(clk_bus), .rst(rst_bus), .rst_path(rst_path), .slot_bus(slot_bus), .slot_fetch(slot_fetch),
        .enable(ctrl[CTRL_TX_EN_LSB]), .push(push), .push_slot(push_slot),
        .head_slot(head_slot), .head_octets(file_data[10:0]), .pause_send(pause_send), .pause_sending(pause_sending),
        .pad_enable(ctrl[CTRL_PAD_EN_LSB]), .fcs_enable(ctrl[CTRL_FCS_EN_LSB]),
        .issue(issue), .issue_control(issue_control),
        .request(request), .request_octets(request_octets), .request_pad(request_pad), .request_fcs(request_fcs),
        .request_control(request_control), .served(served), .outcome(outcome[16:0]),
        .done(done), .done_control(done_control), .done_slot(done_slot), .done_status(done_status),
        .done_late_collisions(done_late_collisions)
    );
    wire        header_time, header_time_high;
    wire [13:0] fetch_address, store_address;
    wire [31:0] store_data;
    wire        store_write;
    tx_fetch fetch (
        .clk_bus(clk_bus), .rst_path(rst_path), .slot_fetch(slot_fetch), .slot_take(slot_take),
        .issue(issue), .issue_control(issue_control), .head_page(file_data[7:0]),
        .request(request), .request_octets(request_octets), .retry(retry),
        .mac_address(mac_address), .pause_quanta(pause_cfg[15:0]),
        .read_address(fetch_address), .memory_data(buffer_data),
        .fifo_data(tx_data), .fifo_valid(tx_valid), .fifo_ready(tx_ready)
    );

    buffer_memory #(.BUFFER_PAGES(BUFFER_PAGES), .BUFFER_PRESET(BUFFER_PRESET)) buffer (
        .clk_bus(clk_bus), .slot_bus(slot_bus), .slot_fetch(slot_fetch), .slot_store(slot_store),
        .bus_write(buffer_write), .bus_address({2'b00, wb_adr[13:2]}), .bus_data(wb_dat_w),
        .fetch_address(fetch_address), .store_write(store_write), .store_address(store_address), .store_data(store_data | time_data),
        .read_data(buffer_data)
    );

    // Receive
    wire        rx_end, rx_counted, rx_overrun, rx_pause, rx_stored;
    wire [10:0] rx_status, rx_octets;
    rx_store #(.BUFFER_PAGES(BUFFER_PAGES)) store (
        .clk_bus(clk_bus), .rst(rst_path), .slot_take(slot_take), .slot_store(slot_store),
        .enable(ctrl[CTRL_RX_EN_LSB]), .load(rx_load),
        .accept_runt(rx_cfg[RX_CFG_ACCEPT_RUNT_LSB]), .accept_errors(rx_cfg[RX_CFG_ACCEPT_ERR_LSB]),
        .accept_all(rx_cfg[RX_CFG_PROMISC_LSB]), .accept_broadcast(rx_cfg[RX_CFG_BCAST_LSB]),
        .accept_multicast(rx_cfg[RX_CFG_MCAST_LSB]),
        .mac_address(mac_address), .multicast_hash(multicast_hash), .frame_spare(frame_spare),
        .ring_start(rx_start), .ring_stop(rx_stop), .ring_boundary(rx_bnry), .ring_current(rx_curr),
        .obey_pause(pause_cfg[PAUSE_CFG_RX_ENABLE_LSB] && ctrl[CTRL_FULL_DUPLEX_LSB]),
        .read_time(header_time), .read_time_high(header_time_high),
        .fifo_data(rx_data), .fifo_valid(rx_valid), .fifo_ready(rx_ready),
        .memory_write(store_write), .memory_address(store_address), .memory_data(store_data),
        .event_end(rx_end), .event_status(rx_status), .event_octets(rx_octets), .event_counted(rx_counted),
        .event_overrun(rx_overrun), .event_pause(rx_pause), .event_stored(rx_stored),
        .pause_toggle(pause_toggle), .pause_quanta(pause_quanta)
    );

    // Moments: of each slot's end, of the last read of TIME_LO, of the last end mark
    localparam [2:0] STAMP_TIME = 3'd4;
    localparam [2:0] STAMP_RX   = 3'd5;
    wire read_time_lo = execute_read && wb_adr[14:2] == REG_TIME_LO[14:2];
    wire in_time_registers = wb_adr[14:3] == REG_TIME_LO[14:3];
    reg  [3:0] time_known;  // slots that have finished since reset
    time_stamps stamps (
        .clk_bus(clk_bus), .store(read_time_lo || finish || rx_end), .now_ns(now_ns),
        .store_index(finish ? {1'b0, done_slot} : slot_bus ? STAMP_TIME : STAMP_RX),
        .read_index(slot_take ? STAMP_RX : in_time ? {1'b0, wb_adr[4:3]} : STAMP_TIME),
        .read_high(slot_take ? header_time_high : wb_adr[2]),
        .read_blank(slot_take ? !header_time : in_time ? !time_known[wb_adr[4:3]] : !in_time_registers),
        .read_data(time_data)
    );
    always @(posedge clk_bus) begin
        if (finish) time_known[done_slot] <= 1'b1;
        if (rst_bus) time_known <= 4'd0;
    end

    // Counters and interrupts
    wire        op_valid, counters_clearing, counter_half, mdio_done;
    wire [5:0]  op_index;
    wire [10:0] op_increment;
    counter_events events (
        .clk_bus(clk_bus), .rst(rst), .slot_bus(slot_bus), .hold(counters_clearing),
        .tx_done(done), .tx_status(done_status), .tx_late_collisions(done_late_collisions), .tx_octets(outcome[29:19]),
        .tx_control(done_control), .tx_multicast(outcome[18]), .tx_broadcast(outcome[17]), .full_duplex(full_duplex),
        .rx_end(rx_end), .rx_counted(rx_counted), .rx_status(rx_status), .rx_octets(rx_octets),
        .rx_overrun(rx_overrun), .rx_pause(rx_pause),
        .op_valid(op_valid), .op_index(op_index), .op_increment(op_increment)
    );
    counters management_counters (
        .clk_bus(clk_bus), .rst(rst), .slot_fetch(slot_fetch), .slot_store(slot_store),
        .read_index(wb_adr[7:2]), .read_blank(!in_counters), .read_data(counter_data),
        .op_valid(op_valid), .op_index(op_index), .op_increment(op_increment),
        .clearing(counters_clearing), .half(counter_half)
    );
    interrupt_controller interrupts (
        .clk_bus(clk_bus), .rst(rst_bus || soft_reset),  // the line falls with the write
        .register_write(register_write), .address(wb_adr[6:2]), .write_data(wb_dat_w[23:0]), .status(interrupt_status),
        .causes({mdio_done, link_change, counter_half, rx_overrun,
                 slot_refused || (finish && !done_status[TX_STATUS_OK_LSB]), rx_counted && !rx_status[RX_STATUS_OK],
                 slot_refused || finish, rx_stored}),
        .irq(irq)
    );
    mdio_master #(.BUS_HZ(BUS_HZ)) mdio (
        .clk_bus(clk_bus), .rst(rst_bus),
        .write_mdio(mdio_write), .write_data(wb_dat_w), .read_data(mdio_data), .done(mdio_done),
        .mdc(mdc), .mdio_o(mdio_o), .mdio_oe(mdio_oe), .mdio_i(mdio_i)
    );
endmodule
