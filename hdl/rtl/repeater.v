// A repeater hub with 2 to 8 MII ports: what one port hears, all others send.
//
// IEEE Std 802.3-2022 clauses 9 and 27; docs/network.md "Repeater"; its twin is firmware_models/network/repeater.py.
// state      outputs                                                      left for
// IDLE       nothing                                                      FORWARD (one active), COLLIDE (several)
// FORWARD    15 nibbles 5, D, then what followed the SFD, to all but the  COLLIDE (another active); IDLE when the
//            source; nibbles 5 until 24 are sent                          source is silent and all is sent
// COLLIDE    jam to all, for 24 edges and while several are active        ONE_LEFT (one active), IDLE (none)
// ONE_LEFT   jam to all but the port that is left                         COLLIDE (another), IDLE (silence)
// BREAK      nothing, for 24 edges, after output that lasted JABBER       IDLE
//
// Ports: rx_dv and rxd of each PHY, port 0 in the low bits, sampled at clk; tx_en and txd to each, registers;
// partitioned, one bit a port; counter_select and counter_value as in repeater_counters.
// Clock clk, 2.5 or 25 MHz, of every port: PHYs with one reference clock (RMII, or an MII whose receive side has an
// elasticity buffer); rst synchronous. Latency: one edge from rx_dv sampled to tx_en.
// Parameters: PORTS; CC_LIMIT collisions in a row partition a port, and one of LONG_COLLISION nibbles; JABBER nibbles
// of output are interrupted.
// Not done here: crossing from the receive clocks of PHYs with clocks of their own; RX_ER; management.
`default_nettype none
`timescale 1ns/1ps

module repeater #(
    parameter PORTS          = 4,
    parameter CC_LIMIT       = 32,
    parameter LONG_COLLISION = 6000,
    parameter JABBER         = 12500
) (
    input  wire               clk,
    input  wire               rst,
    // MII of the PHYs
    input  wire [PORTS-1:0]   rx_dv,
    input  wire [4*PORTS-1:0] rxd,
    output reg  [PORTS-1:0]   tx_en,
    output wire [4*PORTS-1:0] txd,
    // for a person, and for management
    output wire [PORTS-1:0]   partitioned,
    input  wire [5:0]         counter_select,
    output wire [31:0]        counter_value
);
    localparam [12:0] FRAME_AGE = 13'd145;  // of a frame of 64 octets: 144 nibbles have been sent

    wire [PORTS-1:0] active, active_left, source, collided, partition;
    wire [12:0]      age;
    wire             idle, forwarding, colliding, one_left, entering, joining, finished, good, too_long, breaking;
    wire             idle_next, data_end;
    wire [3:0]       nibble_out;
    wire [PORTS-1:0] listened = idle ? active : source;
    reg  [3:0]       nibble_in;
    integer          i;

    always @* begin
        nibble_in = 4'd0;
        for (i = 0; i < PORTS; i = i + 1) nibble_in = nibble_in | (rxd[4*i +: 4] & {4{listened[i]}});
    end

    repeater_control #(.PORTS(PORTS), .LONG_COLLISION(LONG_COLLISION), .JABBER(JABBER)) control (
        .clk(clk), .rst(rst), .active(active), .active_left(active_left), .data_end(data_end), .idle(idle),
        .forwarding(forwarding), .colliding(colliding), .one_left(one_left), .source(source), .age(age),
        .entering(entering), .joining(joining), .finished(finished), .good(good), .too_long(too_long),
        .breaking(breaking), .idle_next(idle_next)
    );

    repeater_path path (
        .clk(clk), .rst(rst), .entering(entering), .forwarding(forwarding), .age(age),
        .carrier(|(rx_dv & listened)), .nibble(nibble_in), .data_end(data_end), .txd(nibble_out)
    );

    genvar p;
    generate
        for (p = 0; p < PORTS; p = p + 1) begin : port
            repeater_port #(.CC_LIMIT(CC_LIMIT)) memory (
                .clk(clk), .rst(rst), .carrier(rx_dv[p]), .is_source(source[p]), .idle(idle), .joining(joining),
                .good(good), .too_long(too_long), .idle_next(idle_next), .active(active[p]),
                .active_left(active_left[p]), .partitioned(partitioned[p]), .collided(collided[p]),
                .partition(partition[p])
            );
        end
    endgenerate

    repeater_counters #(.PORTS(PORTS)) counters (
        .clk(clk), .rst(rst), .frame(source & {PORTS{finished && age >= FRAME_AGE}}),
        .fragment(source & {PORTS{finished && age < FRAME_AGE}}), .collision(collided), .partition(partition),
        .jabber(active & {PORTS{breaking}}), .select(counter_select), .value(counter_value)
    );

    // The register of txd is in the path, and is 5 whenever there is jam.
    assign txd = {PORTS{nibble_out}};

    always @(posedge clk) begin
        tx_en <= {PORTS{colliding}} | (~source & {PORTS{one_left || (forwarding && !finished)}});
        if (rst) tx_en <= {PORTS{1'b0}};
    end
endmodule
