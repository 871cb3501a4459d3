// Interrupt causes, mask, moderation and the line.
//
// docs/adapter.md "Counters and interrupts". Clock clk_bus; rst clears everything. causes are pulses, bits as in
// INT_STATUS; a cause that comes with the write that would clear it stays. The line (irq, a register) follows one
// edge after the causes it depends on.
// Moderation: RX and TX together wait until COUNT of them have come, or 64 * TIME bus clocks have passed since the
// first.
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
    reg [7:0]  count;   // RX and TX causes since both bits were 0; two may come at once, which would run over from 254
    reg [21:0] clocks;  // since then; stops with the greatest TIME

    wire [7:0]  count_limit = moderation[IRQ_MODERATION_COUNT_LSB +: IRQ_MODERATION_COUNT_WIDTH];
    wire [15:0] time_limit  = moderation[IRQ_MODERATION_TIME_LSB +: IRQ_MODERATION_TIME_WIDTH];

    wire       clear  = register_write && address == REG_INT_STATUS[6:2];
    wire [7:0] asking = status & mask;
    wire       has_count = count_limit != 8'd0;
    wire       has_time  = time_limit != 16'd0;
    wire       count_reached = has_count && count >= count_limit;
    wire       time_reached  = has_time && clocks[21:6] >= time_limit;
    wire       due = (!has_count && !has_time) || count_reached || time_reached;
    wire       moderated_idle = (status & MODERATED) == 8'd0;

    always @(posedge clk_bus) begin
        status <= (clear ? status & ~write_data[7:0] : status) | causes;
        if (register_write && address == REG_INT_MASK[6:2])       mask       <= write_data[7:0];
        if (register_write && address == REG_IRQ_MODERATION[6:2]) moderation <= write_data[23:0];
        irq <= (asking & ~MODERATED) != 8'd0 || ((asking & MODERATED) != 8'd0 && due);

        if (moderated_idle) begin
            count  <= {7'd0, causes[INT_STATUS_RX_LSB]} + {7'd0, causes[INT_STATUS_TX_LSB]};
            clocks <= 22'd0;
        end else begin
            if (!(&count[7:1])) count <= count + {7'd0, causes[INT_STATUS_RX_LSB]} + {7'd0, causes[INT_STATUS_TX_LSB]};
            else if ((causes & MODERATED) != 8'd0) count[0] <= 1'b1;  // the largest COUNT
            if (!(&clocks[21:6])) clocks <= clocks + 22'd1;
        end
        if (rst) begin
            status     <= 8'd0;
            mask       <= 8'd0;
            moderation <= 24'd0;
            irq        <= 1'b0;
        end
    end
endmodule
