// Interrupt causes, mask, moderation and the line.
//
// docs/adapter.md "Counters and interrupts". Clock clk_bus; rst clears everything. causes are pulses, bits as in
// INT_STATUS; a cause that comes with the write that would clear it stays. The line (irq, a register) follows one
// edge after the causes it depends on.
// Moderation: RX and TX together wait until COUNT of them have come, or 64 * TIME bus clocks have passed since the
// first. They do not come at the same edge.
// INT_MASK and IRQ_MODERATION are read back from the register file.
`default_nettype none
`timescale 1ns/1ps

module interrupt_controller (
    input  wire        clk_bus,
    input  wire        rst,
    // Access
    input  wire        register_write,
    input  wire [6:2]  address,
    input  wire [23:0] write_data,
    output reg  [7:0]  status,         // INT_STATUS
    // Causes
    input  wire [7:0]  causes,
    output reg         irq
);
`include "nic_regmap.vh"
    localparam [7:0] MODERATED = (8'd1 << INT_STATUS_RX_LSB) | (8'd1 << INT_STATUS_TX_LSB);

    reg [7:0]  mask;
    reg [23:0] moderation;
    // Both count down to 0 from all ones, so that a limit is reached when its sum with them has no carry.
    reg [7:0]  causes_left;  // 255 less the RX and TX causes since both bits were 0
    reg [21:0] clocks_left;  // 2 ** 22 - 1 less the clocks since the first of them

    wire [7:0]  count_limit = moderation[IRQ_MODERATION_COUNT_LSB +: IRQ_MODERATION_COUNT_WIDTH];
    wire [15:0] time_limit  = moderation[IRQ_MODERATION_TIME_LSB +: IRQ_MODERATION_TIME_WIDTH];

    wire       clear  = register_write && address == REG_INT_STATUS[6:2];
    wire [7:0] asking = status & mask;
    wire       has_count = count_limit != 8'd0;
    wire       has_time  = time_limit != 16'd0;
    wire        below_count, below_time;
    wire [7:0]  unused_count_sum;
    wire [15:0] unused_time_sum;
    assign {below_count, unused_count_sum} = {1'b0, count_limit} + {1'b0, causes_left};
    assign {below_time, unused_time_sum}   = {1'b0, time_limit} + {1'b0, clocks_left[21:6]};
    wire       count_reached = has_count && !below_count;
    wire       time_reached  = has_time && !below_time;
    wire       due = (!has_count && !has_time) || count_reached || time_reached;
    wire       moderated_cause = (causes & MODERATED) != 8'd0;
    wire       moderated_idle  = (status & MODERATED) == 8'd0;
    wire [8:0]  next_causes = {1'b0, causes_left} - 9'd1;
    wire [22:0] next_clocks = {1'b0, clocks_left} - 23'd1;

    always @(posedge clk_bus) begin
        status <= (clear ? status & ~write_data[7:0] : status) | causes;
        if (register_write && address == REG_INT_MASK[6:2])       mask       <= write_data[7:0];
        if (register_write && address == REG_IRQ_MODERATION[6:2]) moderation <= write_data[23:0];
        irq <= (asking & ~MODERATED) != 8'd0 || ((asking & MODERATED) != 8'd0 && due);

        if (moderated_cause && !next_causes[8]) causes_left <= next_causes[7:0];
        if (!next_clocks[22]) clocks_left <= next_clocks[21:0];
        if (moderated_idle) begin
            causes_left <= {7'h7F, !moderated_cause};
            clocks_left <= 22'h3FFFFF;
        end
        if (rst) begin
            status     <= 8'd0;
            mask       <= 8'd0;
            moderation <= 24'd0;
            irq        <= 1'b0;
        end
    end

`ifdef FORMAL
`include "interrupt_controller_properties.vh"
`endif
endmodule
