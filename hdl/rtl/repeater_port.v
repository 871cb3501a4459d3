// What a repeater hub remembers of one port: its part in collisions, and whether it is partitioned.
//
// IEEE Std 802.3-2022 9.6.6, 27.3.1.6; docs/network.md "Repeater". Clock clk; rst connects the port again.
// Inputs: carrier of the port; is_source, it is the one that is forwarded; idle, joining, good, too_long, idle_next
// as in repeater_control.
// Outputs: active, combinational: carrier that counts; active_left, the same unless the port becomes partitioned at
// this edge; partitioned, a register; collided and partition, high for one edge: it joins a collision, it becomes
// partitioned.
// Parameters: CC_LIMIT, collisions in a row that partition a port, 1 to 63.
`default_nettype none
`timescale 1ns/1ps

module repeater_port #(
    parameter CC_LIMIT = 32
) (
    input  wire clk,
    input  wire rst,
    input  wire carrier,
    input  wire is_source,
    input  wire idle,
    input  wire joining,
    input  wire good,
    input  wire too_long,
    input  wire idle_next,
    output wire active,
    output wire active_left,
    output reg  partitioned,
    output wire collided,
    output wire partition
);
    localparam [5:0] LAST = CC_LIMIT[5:0] - 6'd1;

    generate
        if (CC_LIMIT < 1 || CC_LIMIT > 63) begin : limit_is_wrong
            PARAMETER_CC_LIMIT_OUT_OF_RANGE limit_is_wrong();
        end
    endgenerate

    reg [5:0] collisions;    // in a row
    reg       in_collision;  // counted for the present one
    reg       silent;        // no carrier since the hub was idle

    assign active      = carrier && !partitioned;
    assign collided    = joining && active && !in_collision;
    assign partition   = (collided && collisions == LAST) || (too_long && active);
    assign active_left = active && !partition;

    always @(posedge clk) begin
        silent       <= (idle || silent) && !carrier;
        in_collision <= !idle_next && (in_collision || collided);
        if (partition) collisions <= 6'd0;
        else if (collided) collisions <= collisions + 6'd1;
        else if (good && !partitioned) collisions <= 6'd0;
        if (partition) partitioned <= 1'b1;
        else if (good && !is_source && silent && !carrier) partitioned <= 1'b0;
        if (rst) begin
            collisions   <= 6'd0;
            in_collision <= 1'b0;
            partitioned  <= 1'b0;
            silent       <= 1'b0;
        end
    end
endmodule
