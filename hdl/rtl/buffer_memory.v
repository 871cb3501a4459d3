// The buffer memory behind its time-slot arbiter: one single-port RAM, one access per clk_bus edge, users in a
// fixed turn.
//
// slot_bus: the bus reads, or writes with bus_write; slot_fetch: the transmit fetch reads; slot_store: the receive
// store writes with store_write. Who presents an address before the edge of its slot finds the word in read_data
// before the next edge. Addresses count words.
// Parameters: BUFFER_PAGES, size in pages of 256 octets, 4 to 64; BUFFER_PRESET, see ram_single_port.
`default_nettype none
`timescale 1ns/1ps

module buffer_memory #(
    parameter BUFFER_PAGES  = 64,
    parameter BUFFER_PRESET = 1
) (
    input  wire        clk_bus,
    input  wire        slot_bus,
    input  wire        slot_fetch,
    input  wire        slot_store,
    // Bus
    input  wire        bus_write,
    input  wire [13:0] bus_address,
    input  wire [31:0] bus_data,
    // Transmit fetch
    input  wire [13:0] fetch_address,
    // Receive store
    input  wire        store_write,
    input  wire [13:0] store_address,
    input  wire [31:0] store_data,
    output wire [31:0] read_data
);
    localparam PAGE_WORDS   = 64;
    localparam WORDS        = PAGE_WORDS * BUFFER_PAGES;
    localparam ADDRESS_BITS = BUFFER_PAGES > 32 ? 12 : BUFFER_PAGES > 16 ? 11 : BUFFER_PAGES > 8 ? 10
                            : BUFFER_PAGES > 4 ? 9 : 8;

    wire [13:0] address = slot_fetch ? fetch_address : slot_store ? store_address : bus_address;
    wire        write   = (slot_bus && bus_write) || (slot_store && store_write);
    wire [31:0] data    = slot_store ? store_data : bus_data;

    generate
        if (BUFFER_PAGES < 4 || BUFFER_PAGES > 64) begin : range_check
            PARAMETER_BUFFER_PAGES_OUT_OF_RANGE invalid();
        end
    endgenerate

    wire unused_address = &{1'b0, address[13:ADDRESS_BITS]};  // pages that are not built

    ram_single_port #(.WORDS(WORDS), .ADDRESS_BITS(ADDRESS_BITS), .PRESET(BUFFER_PRESET)) ram (
        .clk(clk_bus), .write(write), .address(address[ADDRESS_BITS-1:0]), .write_data(data), .read_data(read_data)
    );
endmodule
