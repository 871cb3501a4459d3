// A 10BASE-T medium attachment unit: Manchester line on one side, MII on the other. Instances and the choice of lines.
//
// IEEE Std 802.3-2022 clauses 7, 14 and 22; docs/phy.md is the theory of operation. Clock clk, 60 MHz.
// Line: td_p and td_n drive the transmit pair (both 0: idle). rd_high and rd_low say that the receive pair is above the
// positive, below the negative threshold; [0] is the earlier sample of a clock period (a double-data-rate input). Where
// there is one comparator only, tie rd_low to ~rd_high: everything works but link pulses of a reversed pair.
// The samples are asynchronous and pass two flip-flops here.
// MII: tx_clk and rx_clk are generated from clk; see manchester_encoder and mau_receive. full_duplex, enable and the
// other controls are of clk's domain.
// Half duplex: what is sent comes back on RXD while the receive pair is silent; activity on it has precedence.
// Without a link nothing is sent but link pulses, and nothing is looped back. flp_active gives the line to
// auto-negotiation: flp_pulse sends a pulse, pulse_seen shows every one that came.
`default_nettype none
`timescale 1ns/1ps

module mau_10baset #(
    parameter TICK_CLOCKS = 60_000
) (
    input  wire       clk,
    input  wire       rst,
    // Control and state
    input  wire       full_duplex,
    input  wire       loopback_enable,  // of 10BASE-T, half duplex
    input  wire       loopback,         // of the MII (register 0 bit 14): the pairs are not used
    input  wire       sqe_enable,
    input  wire       collision_test,
    input  wire       flp_active,
    input  wire       flp_pulse,
    output wire       tick,
    output wire       link_ok,
    output wire       jabber,
    output wire       reversed,
    output wire       receiving,
    output wire       pulse_seen,
    // MII
    output wire       tx_clk,
    input  wire [3:0] txd,
    input  wire       tx_en,
    output wire       rx_clk,
    output wire [3:0] rxd,
    output wire       rx_dv,
    output wire       crs,
    output wire       col,
    // Line
    output wire       td_p,
    output wire       td_n,
    input  wire [1:0] rd_high,
    input  wire [1:0] rd_low
);
    wire [1:0] above, below;
    sync_2ff #(.WIDTH(4)) cross_line (.clk(clk), .d({rd_high, rd_low}), .q({above, below}));

    wire       encoded_p, encoded_n, transmitting, link_pulse, other_pulse, unused_active;
    wire       strobe, bit_value, carrier, locked, frame_end, idle, idle_level;
    wire [1:0] line    = reversed ? below : above;
    wire [1:0] other   = reversed ? above : below;
    wire       loops   = loopback || ((transmitting ? !full_duplex && loopback_enable : looped && !idle) && !receiving);
    wire [1:0] decoded = loops ? {2{encoded_p}} : line;

    // To the end of the start of idle, which must not be taken for that of a frame on the pair.
    reg looped;
    always @(posedge clk) looped <= loops && !rst;

    assign td_p = encoded_p && !loopback;
    assign td_n = encoded_n && !loopback;

    millisecond_tick #(.CLOCKS(TICK_CLOCKS)) timer (.clk(clk), .rst(rst), .tick(tick));

    line_activity activity (.clk(clk), .rst(rst), .line_high(line), .active(receiving), .pulse(pulse_seen));

    line_activity other_activity (
        .clk(clk), .rst(rst), .line_high(other), .active(unused_active), .pulse(other_pulse)
    );

    mau_link link (
        .clk(clk), .rst(rst), .tick(tick), .force_fail(flp_active), .sending(transmitting), .pulse(link_pulse),
        .active(receiving), .pulse_seen(pulse_seen), .other_pulse_seen(other_pulse), .frame_end(frame_end && !looped),
        .frame_end_level(idle_level), .idle(idle), .link_ok(link_ok), .reversed(reversed)
    );

    manchester_encoder encoder (
        .clk(clk), .rst(rst), .tx_clk(tx_clk), .txd(txd), .tx_en(tx_en), .disable_output((!link_ok && !loopback) || jabber),
        .pulse(flp_active ? flp_pulse : link_pulse), .transmitting(transmitting), .td_p(encoded_p), .td_n(encoded_n)
    );

    manchester_decoder decoder (
        .clk(clk), .rst(rst), .line_high(decoded), .strobe(strobe), .bit_value(bit_value), .carrier(carrier),
        .locked(locked), .frame_end(frame_end), .idle(idle), .idle_level(idle_level)
    );

    mau_receive receive (
        .clk(clk), .rst(rst || (!link_ok && !loopback)), .strobe(strobe), .bit_value(bit_value), .locked(locked), .rx_clk(rx_clk),
        .rxd(rxd), .rx_dv(rx_dv)
    );

    mau_functions functions (
        .clk(clk), .rst(rst), .tick(tick), .full_duplex(full_duplex), .link_ok(link_ok), .sqe_enable(sqe_enable),
        .collision_test(collision_test), .tx_clk(tx_clk), .tx_en(tx_en), .transmitting(transmitting),
        .receiving(receiving && link_ok && !loopback), .carrier(carrier && (link_ok || loopback)), .rx_dv(rx_dv), .crs(crs), .col(col),
        .jabber(jabber)
    );
endmodule
