// State of a repeater hub: who sends what, from which ports are active. One nibble a clock.
//
// IEEE Std 802.3-2022 clauses 9 and 27; docs/network.md "Repeater". Clock clk; rst puts it into IDLE.
// Inputs: active, ports with carrier that are not partitioned; active_left, the same without those that become
// partitioned at this edge; data_end, a register: the
// source is silent and its last nibble has been sent.
// Outputs: forwarding, colliding, one_left, registers that follow the state; source, one bit a port, the source in
// forwarding and the port that is left in one_left; age, edges since the state was entered, 1 at the first after it,
// which stays at its largest value. At this edge, combinational: entering, forwarding begins; joining, active ports
// take part in a collision; finished, forwarding ends; good, 512 bits have been forwarded without a collision;
// too_long, the collision has lasted too long; breaking, output is interrupted; idle_next, the state will be IDLE.
// What is decided at an edge is seen at the outputs of the hub one edge later, except that finished ends them at once.
// Parameters: PORTS, 2 to 8; LONG_COLLISION and JABBER in nibbles.
`default_nettype none
`timescale 1ns/1ps

module repeater_control #(
    parameter PORTS          = 4,
    parameter LONG_COLLISION = 6000,
    parameter JABBER         = 12500
) (
    input  wire             clk,
    input  wire             rst,
    input  wire [PORTS-1:0] active,
    input  wire [PORTS-1:0] active_left,
    input  wire             data_end,
    output wire             idle,
    output wire             forwarding,
    output wire             colliding,
    output wire             one_left,
    output reg  [PORTS-1:0] source,
    output reg  [12:0]      age,
    output reg              entering,
    output reg              joining,
    output reg              finished,
    output reg              good,
    output wire             too_long,
    output wire             breaking,
    output wire             idle_next
);
    localparam [12:0] EXTENDED     = 13'd25;   // 24 nibbles have been sent: fragment extension
    localparam [12:0] LEAST_JAM    = 13'd24;
    localparam [12:0] BREAK_LENGTH = 13'd24;   // 96 bits
    localparam [12:0] GOOD_LENGTH  = 13'd128;  // 512 bits
    localparam [12:0] LONG         = LONG_COLLISION[12:0];
    localparam [13:0] MOST_OUTPUT  = JABBER[13:0];
    localparam [12:0] AGE_LIMIT    = 13'h1FFF;

    localparam [2:0] IDLE     = 3'd0;  // nobody is active
    localparam [2:0] FORWARD  = 3'd1;  // one port's frame goes to all others
    localparam [2:0] COLLIDE  = 3'd2;  // jam to all
    localparam [2:0] ONE_LEFT = 3'd3;  // jam to all but the port that is still active
    localparam [2:0] BREAK    = 3'd4;  // output is interrupted

    generate
        if (PORTS < 2 || PORTS > 8) begin : ports_are_wrong
            PARAMETER_PORTS_OUT_OF_RANGE ports_are_wrong();
        end
        if (LONG_COLLISION < 25 || LONG_COLLISION > 8190) begin : long_is_wrong
            PARAMETER_LONG_COLLISION_OUT_OF_RANGE long_is_wrong();
        end
        if (JABBER < 130 || JABBER > 16383) begin : jabber_is_wrong
            PARAMETER_JABBER_OUT_OF_RANGE jabber_is_wrong();
        end
    endgenerate

    reg [2:0]       state, state_next;
    reg [PORTS-1:0] source_next;
    reg [13:0]      output_age;  // edges since output began

    wire several = |(active & (active - {{(PORTS-1){1'b0}}, 1'b1}));
    wire several_left = |(active_left & (active_left - {{(PORTS-1){1'b0}}, 1'b1}));
    wire others = |(active & ~source);
    wire has_output = forwarding || colliding || one_left;

    assign idle       = state == IDLE;
    assign forwarding = state == FORWARD;
    assign colliding  = state == COLLIDE;
    assign one_left   = state == ONE_LEFT;
    assign breaking   = has_output && output_age >= MOST_OUTPUT;
    assign too_long   = colliding && !breaking && age >= LONG;
    assign idle_next  = state_next == IDLE;

    always @* begin
        state_next  = state;
        source_next = source;
        entering    = 1'b0;
        joining     = 1'b0;
        finished    = 1'b0;
        good        = 1'b0;
        case (state)
            IDLE:
                if (several) begin
                    state_next = COLLIDE;
                    joining    = 1'b1;
                end else if (|active) begin
                    state_next  = FORWARD;
                    source_next = active;
                    entering    = 1'b1;
                end
            FORWARD:
                if (!breaking) begin
                    if (data_end && age >= EXTENDED) begin
                        finished   = 1'b1;
                        state_next = IDLE;
                    end else if (others) begin
                        state_next = COLLIDE;
                        joining    = 1'b1;
                    end else begin
                        good = age == GOOD_LENGTH;
                    end
                end
            COLLIDE: begin
                joining = !breaking;
                if (!several_left && age >= LEAST_JAM) begin
                    state_next  = |active_left ? ONE_LEFT : IDLE;
                    source_next = active_left;
                end
            end
            ONE_LEFT:
                if (others) begin
                    state_next = COLLIDE;
                    joining    = !breaking;
                end else if (!(|active)) begin
                    state_next = IDLE;
                end
            BREAK:
                if (age >= BREAK_LENGTH) state_next = IDLE;
            default: state_next = IDLE;
        endcase
        if (breaking) state_next = BREAK;
    end

    always @(posedge clk) begin
        state      <= state_next;
        source     <= source_next;
        output_age <= idle ? 14'd1 : output_age + 14'd1;
        if (state_next != state) age <= 13'd1;
        else if (age != AGE_LIMIT) age <= age + 13'd1;
        if (rst) begin
            state      <= IDLE;
            source     <= {PORTS{1'b0}};
            age        <= 13'd1;
            output_age <= 14'd1;
        end
    end
endmodule
