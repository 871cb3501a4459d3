// The PHY's end of MDC and MDIO: clause 22 frames to reads and writes of registers.
//
// IEEE Std 802.3-2022 22.2.4.5, 22.3.4. Clock clk, at least 8 times MDC; MDC and MDIO pass two flip-flops, and a rise of MDC is seen
// 2 to 3 clocks after it: in a read MDIO changes 3 to 4 clocks after the rise (67 ns at 60 MHz; 0 .. 300 ns are allowed).
// Frames are taken with or without preamble (register 1 bit 6), but the line must have been 1 before the start.
// write is a clock long, with index and write_data; read_data of index is taken one clock after `read`, a clock long too.
// A pad drives MDIO with mdio_o while mdio_oe is 1.
`default_nettype none
`timescale 1ns/1ps

module mdio_slave #(
    parameter [4:0] ADDRESS = 5'd1
) (
    input  wire        clk,
    input  wire        rst,
    // Pads
    input  wire        mdc,
    input  wire        mdio_i,
    output wire        mdio_o,
    output reg         mdio_oe,
    // Registers
    output reg         read,
    output reg         write,
    output reg  [4:0]  index,
    output wire [15:0] write_data,
    input  wire [15:0] read_data
);
    localparam [4:0] HEADER_BITS = 5'd14;  // start, opcode, PHYAD, REGAD
    localparam [4:0] LAST_BIT    = 5'd31;
    localparam [3:0] START_READ  = 4'b0110;
    localparam [3:0] START_WRITE = 4'b0101;

    wire        mdc_here, mdio_here;
    reg         mdc_before;
    reg  [15:0] shift;     // newest bit in shift[0]; in a read the answer, going out from shift[15]
    reg  [4:0]  bits;      // of the frame, so far; 0: between frames
    reg         is_read, is_write, loads;

    sync_2ff #(.WIDTH(2)) cross_pads (.clk(clk), .d({mdc, mdio_i}), .q({mdc_here, mdio_here}));

    wire        rise   = mdc_here && !mdc_before;
    wire [13:0] header = {shift[12:0], mdio_here};

    assign write_data = shift;
    assign mdio_o     = shift[15] && bits > HEADER_BITS + 5'd1;  // the second bit of the turnaround is 0

    always @(posedge clk) begin
        mdc_before <= mdc_here;
        read       <= 1'b0;
        write      <= 1'b0;
        loads      <= read;
        if (rise) begin
            bits <= bits == 5'd0 && mdio_here ? 5'd0 : bits + 5'd1;
            if (!(is_read && bits <= HEADER_BITS + 5'd1)) shift <= {shift[14:0], mdio_here};
            if (bits == HEADER_BITS - 5'd1) begin
                index    <= header[4:0];
                is_read  <= header[13:10] == START_READ && header[9:5] == ADDRESS;
                is_write <= header[13:10] == START_WRITE && header[9:5] == ADDRESS;
                read     <= 1'b1;
            end
            if (bits == HEADER_BITS) mdio_oe <= is_read;
            if (bits == LAST_BIT) begin
                write    <= is_write;
                is_read  <= 1'b0;
                is_write <= 1'b0;
                mdio_oe  <= 1'b0;
            end
        end
        if (loads && is_read) shift <= read_data;
        if (rst) begin
            bits     <= 5'd0;
            is_read  <= 1'b0;
            is_write <= 1'b0;
            mdio_oe  <= 1'b0;
            write    <= 1'b0;
            read     <= 1'b0;
        end
    end
endmodule
