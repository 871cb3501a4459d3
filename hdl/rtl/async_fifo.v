// Dual-clock FIFO: a two-port memory and Gray-coded pointers.
//
// Write side (clk_write): write_data enters at an edge with write_valid and write_ready; a write without
// write_ready is ignored.
// write_level is the number of words inside as this side sees it (a word that was read leaves it with the
// synchroniser's delay).
// Read side (clk_read): read_data is the oldest word while read_valid; an edge with read_ready takes it. A word
// written at edge time t is seen at read edge x + 2, x being the first read edge >= t (> t where both edges
// coincide).
// Reset: rst_write and rst_read, each in its own domain; both must overlap (see nic_reset).
// Parameters: WIDTH in bits; ADDRESS_BITS, depth = 2 ** ADDRESS_BITS words, 2 to 10.
// The memory is read one clock ahead of its use, so that it may be a block RAM.
`default_nettype none
`timescale 1ns/1ps

module async_fifo #(
    parameter WIDTH        = 32,
    parameter ADDRESS_BITS = 4
) (
    // Write side
    input  wire                  clk_write,
    input  wire                  rst_write,
    input  wire [WIDTH-1:0]      write_data,
    input  wire                  write_valid,
    output wire                  write_ready,
    output wire [ADDRESS_BITS:0] write_level,
    // Read side
    input  wire                  clk_read,
    input  wire                  rst_read,
    output reg  [WIDTH-1:0]      read_data,
    output wire                  read_valid,
    input  wire                  read_ready
);
    generate
        if (ADDRESS_BITS < 2 || ADDRESS_BITS > 10) begin : range_check
            PARAMETER_ADDRESS_BITS_OUT_OF_RANGE invalid();
        end
    endgenerate

    reg [WIDTH-1:0] memory [0:(1 << ADDRESS_BITS)-1];

    // Pointers count in Gray code, modulo twice the depth: equal = empty, equal but for the two highest bits = full.
    reg  [ADDRESS_BITS:0] write_gray, read_gray;
    wire [ADDRESS_BITS:0] write_gray_there, read_gray_there;

    // The successor: with an even number of ones the lowest bit flips, else the one above the lowest 1.
    function [ADDRESS_BITS:0] successor(input [ADDRESS_BITS:0] gray);
        integer bit_number;
        reg     flips;  // no bit below is 1
        begin
            flips = ^gray;
            successor[0] = gray[0] ^ !flips;
            for (bit_number = 1; bit_number <= ADDRESS_BITS; bit_number = bit_number + 1) begin
                successor[bit_number] = gray[bit_number] ^ (flips && (gray[bit_number-1] || bit_number == ADDRESS_BITS));
                if (gray[bit_number-1]) flips = 1'b0;
            end
        end
    endfunction

    function [ADDRESS_BITS:0] binary(input [ADDRESS_BITS:0] gray);
        integer bit_number;
        begin
            binary[ADDRESS_BITS] = gray[ADDRESS_BITS];
            for (bit_number = ADDRESS_BITS - 1; bit_number >= 0; bit_number = bit_number - 1)
                binary[bit_number] = binary[bit_number+1] ^ gray[bit_number];
        end
    endfunction

    // Words lie in the memory in the order of the Gray code: of the address, which is one bit shorter.
    function [ADDRESS_BITS-1:0] address(input [ADDRESS_BITS:0] gray);
        address = {gray[ADDRESS_BITS] ^ gray[ADDRESS_BITS-1], gray[ADDRESS_BITS-2:0]};
    endfunction

    // Crossing: one bit changes at a time.
    sync_2ff #(.WIDTH(ADDRESS_BITS + 1)) write_to_read (.clk(clk_read), .d(write_gray), .q(write_gray_there));
    sync_2ff #(.WIDTH(ADDRESS_BITS + 1)) read_to_write (.clk(clk_write), .d(read_gray), .q(read_gray_there));

    // Write side
    assign write_ready = write_gray != {~read_gray_there[ADDRESS_BITS -: 2], read_gray_there[ADDRESS_BITS-2:0]};
    assign write_level = binary(write_gray) - binary(read_gray_there);

    always @(posedge clk_write) begin
        if (write_valid && write_ready) begin
            memory[address(write_gray)] <= write_data;
            write_gray <= successor(write_gray);
        end
        if (rst_write) write_gray <= 0;
    end

    // Read side
    wire [ADDRESS_BITS:0] next_gray = read_valid && read_ready ? successor(read_gray) : read_gray;

    assign read_valid = read_gray != write_gray_there;

    always @(posedge clk_read) begin
        read_data <= memory[address(next_gray)];
        read_gray <= next_gray;
        if (rst_read) read_gray <= 0;
    end

`ifdef FORMAL
`include "async_fifo_properties.vh"
`endif
endmodule
