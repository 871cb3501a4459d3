// The far end of the board link: a serial line on one side, a Wishbone master on the other.
//
// docs/board_link.md. Clock clk, reset rst (power-on; the adapter is reset by adapter_rst, which includes it).
// rxd and txd are pins, idle high. clear_to_send: tie it to 1 where RTS/CTS is not wired; request_to_send is 1 while the host
// may send. irq is that of the adapter, in the domain of clk. has_session and activity (a frame is being sent) are for
// LEDs.
// Latency: a batch begins 13 clocks after the stop bit of the delimiter behind it, its reply a few clocks after its last access;
// an access takes what the adapter takes.
// Parameters: CLK_HZ, of clk; BAUD, at most CLK_HZ / 16; GREETING, octets 4 to 51 of the greeting; EVENT_REPEAT_BITS: an event is
// sent again after 2 ** EVENT_REPEAT_BITS clocks.
`default_nettype none
`timescale 1ns/1ps

module board_link #(
    parameter         CLK_HZ            = 50_000_000,
    parameter         BAUD              = 3_000_000,
    parameter [383:0] GREETING          = 384'd0,
    parameter         EVENT_REPEAT_BITS = 20
) (
    input  wire        clk,
    input  wire        rst,
    // Line
    input  wire        rxd,
    output wire        txd,
    input  wire        clear_to_send,
    output wire        request_to_send,
    // Wishbone slave
    output wire        wb_stb,
    output wire        wb_we,
    output wire [3:0]  wb_sel,
    output wire [14:0] wb_adr,
    output wire [31:0] wb_dat_w,
    input  wire [31:0] wb_dat_r,
    input  wire        wb_ack,
    input  wire        wb_err,
    input  wire        irq,
    output wire        adapter_rst,
    // LEDs
    output wire        has_session,
    output wire        activity
);
    localparam ADDRESS_BITS = 10;  // of both rings: 1024 words, two frames of the greatest length

    // Received octets, and frames
    wire [7:0] rx_data, octet;
    wire       rx_valid, octet_valid, frame_end, is_whole, is_damaged, is_refused;

    // The ring of requests and the store of replies
    wire                    ring_write, store_write;
    wire [ADDRESS_BITS-1:0] ring_write_address, ring_read_address, store_write_address, store_read_address;
    wire [31:0]             ring_data, ring_word, store_data, store_word;
    wire [ADDRESS_BITS:0]   read_pointer, write_pointer;

    // Session
    wire [15:0] session;
    wire [7:0]  round, acknowledged;
    wire        begins, ends, acknowledge;

    // What is to be sent
    wire [ADDRESS_BITS-1:0] new_reply, reply_start;
    wire        new_reply_valid, new_reply_ready, reply_valid, reply_ready;
    wire        control_valid, control_has_data, control_ready;
    wire [7:0]  control_type, control_sequence, event_sequence;
    wire [3:0]  control_code;
    wire [31:0] control_data;
    wire [63:0] now_ns, event_ns;
    wire [15:0] event_lost;
    wire        event_valid, event_taken, event_is_sending, event_status;

    // Frames and octets on their way out
    wire        start, is_idle, tx_valid, tx_ready;
    wire [9:0]  words;
    wire [8:0]  index;
    wire [31:0] word;
    wire [7:0]  tx_data;

    assign activity = !is_idle;

    uart_rx #(.CLK_HZ(CLK_HZ), .BAUD(BAUD)) line_in (
        .clk(clk), .rst(rst), .rxd(rxd), .data(rx_data), .valid(rx_valid)
    );

    cobs_decoder decoder (
        .clk(clk), .rst(rst), .in_data(rx_data), .in_valid(rx_valid),
        .octet(octet), .octet_valid(octet_valid), .frame_end(frame_end), .is_whole(is_whole)
    );

    link_receiver #(.ADDRESS_BITS(ADDRESS_BITS)) receiver (
        .clk(clk), .rst(rst),
        .octet(octet), .octet_valid(octet_valid), .frame_end(frame_end), .is_whole(is_whole),
        .write(ring_write), .write_address(ring_write_address), .write_data(ring_data),
        .write_pointer(write_pointer), .read_pointer(read_pointer), .has_room(request_to_send),
        .is_damaged(is_damaged), .is_refused(is_refused)
    );

    ram_dual_port #(.ADDRESS_BITS(ADDRESS_BITS)) requests (
        .clk(clk), .write(ring_write), .write_address(ring_write_address), .write_data(ring_data),
        .read_address(ring_read_address), .read_data(ring_word)
    );

    link_executor #(.ADDRESS_BITS(ADDRESS_BITS)) executor (
        .clk(clk), .rst(rst),
        .read_address(ring_read_address), .request_word(ring_word), .read_pointer(read_pointer), .write_pointer(write_pointer),
        .is_damaged(is_damaged), .is_refused(is_refused),
        .store_write(store_write), .store_address(store_write_address), .store_data(store_data),
        .wb_stb(wb_stb), .wb_we(wb_we), .wb_sel(wb_sel), .wb_adr(wb_adr), .wb_dat_w(wb_dat_w), .wb_dat_r(wb_dat_r),
        .wb_ack(wb_ack), .wb_err(wb_err), .adapter_rst(adapter_rst),
        .reply_valid(new_reply_valid), .reply_start(new_reply), .reply_ready(new_reply_ready),
        .control_valid(control_valid), .control_type(control_type), .control_sequence(control_sequence),
        .control_code(control_code), .control_data(control_data), .control_has_data(control_has_data),
        .control_ready(control_ready),
        .has_session(has_session), .session(session), .round(round), .begins(begins), .ends(ends),
        .event_ack(acknowledge), .event_sequence(acknowledged)
    );

    ram_dual_port #(.ADDRESS_BITS(ADDRESS_BITS)) store (
        .clk(clk), .write(store_write), .write_address(store_write_address), .write_data(store_data),
        .read_address(store_read_address), .read_data(store_word)
    );

    sync_fifo #(.WIDTH(ADDRESS_BITS), .ADDRESS_BITS(4)) replies (
        .clk(clk), .rst(rst || begins || ends),
        .write_data(new_reply), .write_valid(new_reply_valid), .write_ready(new_reply_ready),
        .read_data(reply_start), .read_valid(reply_valid), .read_ready(reply_ready)
    );

    device_time #(.BUS_HZ(CLK_HZ)) clock (.clk_bus(clk), .now_ns(now_ns));

    link_events #(.REPEAT_BITS(EVENT_REPEAT_BITS)) events (
        .clk(clk), .rst(rst), .irq(irq), .now_ns(now_ns),
        .has_session(has_session), .begins(begins), .ends(ends), .acknowledge(acknowledge), .acknowledged(acknowledged),
        .valid(event_valid), .taken(event_taken), .is_sending(event_is_sending), .sequence(event_sequence),
        .status(event_status), .lost(event_lost), .changed_ns(event_ns)
    );

    link_outbox #(.ADDRESS_BITS(ADDRESS_BITS), .GREETING(GREETING)) outbox (
        .clk(clk), .rst(rst), .irq(irq), .session(session), .round(round),
        .control_valid(control_valid), .control_type(control_type), .control_sequence(control_sequence),
        .control_code(control_code), .control_data(control_data), .control_has_data(control_has_data),
        .control_ready(control_ready),
        .event_valid(event_valid), .event_taken(event_taken), .event_is_sending(event_is_sending),
        .event_sequence(event_sequence), .event_status(event_status), .event_lost(event_lost), .event_ns(event_ns),
        .reply_valid(reply_valid), .reply_start(reply_start), .reply_ready(reply_ready),
        .store_address(store_read_address), .store_word(store_word),
        .start(start), .words(words), .is_idle(is_idle), .index(index), .word(word)
    );

    frame_sender sender (
        .clk(clk), .rst(rst), .start(start), .words(words), .is_idle(is_idle), .index(index), .word(word),
        .data(tx_data), .valid(tx_valid), .ready(tx_ready)
    );

    uart_tx #(.CLK_HZ(CLK_HZ), .BAUD(BAUD)) line_out (
        .clk(clk), .rst(rst), .clear_to_send(clear_to_send),
        .data(tx_data), .valid(tx_valid), .ready(tx_ready), .txd(txd)
    );
endmodule
