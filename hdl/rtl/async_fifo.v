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

    localparam [ADDRESS_BITS:0] ONE = 1;

    reg [WIDTH-1:0] memory [0:(1 << ADDRESS_BITS)-1];

    // Pointers count modulo twice the depth: equal = empty, equal but for the highest bit = full.
    reg  [ADDRESS_BITS:0] write_pointer, write_gray;
    reg  [ADDRESS_BITS:0] read_pointer, read_gray;
    wire [ADDRESS_BITS:0] write_gray_there, read_gray_there;

    // Crossing: Gray code, one bit changes at a time.
    sync_2ff #(.WIDTH(ADDRESS_BITS + 1)) write_to_read (.clk(clk_read), .d(write_gray), .q(write_gray_there));
    sync_2ff #(.WIDTH(ADDRESS_BITS + 1)) read_to_write (.clk(clk_write), .d(read_gray), .q(read_gray_there));

    // Write side
    wire                  write          = write_valid && write_ready;
    wire [ADDRESS_BITS:0] write_pointer1 = write_pointer + ONE;
    reg  [ADDRESS_BITS:0] read_pointer_there;
    integer i;

    assign write_ready = write_gray != {~read_gray_there[ADDRESS_BITS -: 2], read_gray_there[ADDRESS_BITS-2:0]};
    assign write_level = write_pointer - read_pointer_there;

    always @* begin  // Gray to binary
        read_pointer_there[ADDRESS_BITS] = read_gray_there[ADDRESS_BITS];
        for (i = ADDRESS_BITS - 1; i >= 0; i = i - 1)
            read_pointer_there[i] = read_pointer_there[i+1] ^ read_gray_there[i];
    end

    always @(posedge clk_write) begin
        if (write) begin
            memory[write_pointer[ADDRESS_BITS-1:0]] <= write_data;
            write_pointer <= write_pointer1;
            write_gray    <= write_pointer1 ^ (write_pointer1 >> 1);
        end
        if (rst_write) begin
            write_pointer <= 0;
            write_gray    <= 0;
        end
    end

    // Read side
    wire                  read         = read_valid && read_ready;
    wire [ADDRESS_BITS:0] read_pointer1 = read ? read_pointer + ONE : read_pointer;

    assign read_valid = read_gray != write_gray_there;

    always @(posedge clk_read) begin
        read_data    <= memory[read_pointer1[ADDRESS_BITS-1:0]];
        read_pointer <= read_pointer1;
        read_gray    <= read_pointer1 ^ (read_pointer1 >> 1);
        if (rst_read) begin
            read_pointer <= 0;
            read_gray    <= 0;
        end
    end
endmodule
