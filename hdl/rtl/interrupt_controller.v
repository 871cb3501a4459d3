// Interrupt causes, mask, moderation and the line.
//
// docs/adapter.md "Counters and interrupts". Clock clk_bus; rst clears everything. causes are pulses, bits as in
// INT_STATUS; a cause that comes with the write that would clear it stays. The line (irq, a register) follows one
// edge after the causes it depends on.
// Moderation: RX and TX together wait until COUNT of them have come, or 64 * TIME bus clocks have passed since the
// first.
// read_data is combinational from the address (INT_STATUS, INT_MASK, IRQ_MODERATION; others: don't care).
`default_nettype none
`timescale 1ns/1ps

module interrupt_controller (
    input  wire        clk_bus,
    input  wire        rst,
    // Access
    input  wire        execute_write,
    input  wire [14:0] address,
    input  wire [23:0] write_data,
    output wire [31:0] read_data,
    // Causes
    input  wire [7:0]  causes,
    output reg         irq
);
`include "nic_regmap.vh"
    localparam [7:0] MODERATED = (8'd1 << INT_STATUS_RX_LSB) | (8'd1 << INT_STATUS_TX_LSB);
    localparam [7:0] MANY      = 8'd254;  // the count stops here or one above, as two causes may come at once

    reg [7:0]  status, mask;
    reg [23:0] moderation;
    reg [7:0]  count;   // RX and TX causes since both bits were 0
    reg [21:0] clocks;  // since then

    wire [7:0]  count_limit = moderation[IRQ_MODERATION_COUNT_LSB +: IRQ_MODERATION_COUNT_WIDTH];
    wire [15:0] time_limit  = moderation[IRQ_MODERATION_TIME_LSB +: IRQ_MODERATION_TIME_WIDTH];

    wire       clear  = execute_write && address == REG_INT_STATUS;
    wire [7:0] asking = status & mask;
    wire       count_reached = count_limit != 8'd0 && count >= count_limit;
    wire       time_reached  = time_limit != 16'd0 && clocks[21:6] >= time_limit;
    wire       due = moderation == 24'd0 || count_reached || time_reached;
    wire       moderated_idle = (status & MODERATED) == 8'd0;

    assign read_data = address[3:2] == REG_INT_STATUS[3:2] ? {24'd0, status}
                     : address[3:2] == REG_INT_MASK[3:2]   ? {24'd0, mask} : {8'd0, moderation};

    always @(posedge clk_bus) begin
        status <= (clear ? status & ~write_data[7:0] : status) | causes;
        if (execute_write && address == REG_INT_MASK)       mask       <= write_data[7:0];
        if (execute_write && address == REG_IRQ_MODERATION) moderation <= write_data[23:0];
        irq <= (asking & ~MODERATED) != 8'd0 || ((asking & MODERATED) != 8'd0 && due);

        if (moderated_idle) begin
            count  <= {7'd0, causes[INT_STATUS_RX_LSB]} + {7'd0, causes[INT_STATUS_TX_LSB]};
            clocks <= 22'd0;
        end else begin
            if (count < MANY) count <= count + {7'd0, causes[INT_STATUS_RX_LSB]} + {7'd0, causes[INT_STATUS_TX_LSB]};
            else if ((causes & MODERATED) != 8'd0) count <= 8'hFF;  // the largest COUNT
            if (!(&clocks)) clocks <= clocks + 22'd1;
        end
        if (rst) begin
            status     <= 8'd0;
            mask       <= 8'd0;
            moderation <= 24'd0;
            irq        <= 1'b0;
        end
    end
endmodule
