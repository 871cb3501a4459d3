// Wishbone B4 classic slave: executes one access per turn of the slot wheel and answers three clocks later.
//
// Clock clk_bus. An access is executed at an edge with slot_bus that sees wb_cyc and wb_stb; ACK or ERR is high
// before the third edge after it.
// Only a power-on reset (rst) breaks off an access; in a soft reset (rst_bus) accesses are answered and writes have
// no effect.
// Towards the registers and memories: address and write_data are the master's, stable from before the execute edge
// to the answer; execute_read, execute_write and buffer_write are pulses at the execute edge of an access that is
// not refused. What was read must be there one edge after the execute edge: buffer_data by the edge with slot_fetch, or,
// by that with slot_take, the other sources, of which all but the one that is addressed are 0 then.
// Refused (ERR): partial selects, an address that is not a multiple of 4 or not mapped, a write to what is
// read-only, and what the registers refuse themselves (register_refused).
// Parameters: BUFFER_PAGES, TX_SLOTS: as built.
`default_nettype none
`timescale 1ns/1ps

module wishbone_slave #(
    parameter BUFFER_PAGES = 64,
    parameter TX_SLOTS     = 4
) (
    input  wire        clk_bus,
    input  wire        rst,
    input  wire        rst_bus,
    input  wire        slot_bus,
    input  wire        slot_fetch,
    input  wire        slot_take,
    // Master
    input  wire        wb_cyc,
    input  wire        wb_stb,
    input  wire        wb_we,
    input  wire [3:0]  wb_sel,
    input  wire [14:0] wb_adr,
    output reg  [31:0] wb_dat_r,
    output reg         wb_ack,
    output reg         wb_err,
    // Registers and memories
    output wire        execute_read,
    output wire        execute_write,
    output wire        buffer_write,
    input  wire        register_mapped,
    input  wire        register_writable,
    input  wire        register_refused,   // a write only
    output wire        in_counters,
    output wire        in_time,
    input  wire [31:0] live_data,
    input  wire [31:0] file_data,
    input  wire [31:0] counter_data,
    input  wire [31:0] time_data,
    input  wire [31:0] buffer_data
);
`include "nic_regmap.vh"
    localparam [6:0] PAGES = BUFFER_PAGES;
    localparam [2:0] SLOTS = TX_SLOTS;

    wire in_buffer   = wb_adr[14] == WIN_BUFFER[14];

    assign in_counters = wb_adr[14:8] == WIN_COUNTERS[14:8];
    assign in_time     = wb_adr[14:5] == WIN_TX_TIME[14:5];

    wire mapped   = in_buffer ? {1'b0, wb_adr[13:8]} < PAGES
                  : in_counters || (in_time && {1'b0, wb_adr[4:3]} < SLOTS) || register_mapped;
    wire writable = in_buffer || (register_mapped && register_writable);
    wire refused  = wb_sel != 4'b1111 || wb_adr[1:0] != 2'b00 || !mapped || (wb_we && (!writable || register_refused));
    wire execute  = slot_bus && wb_cyc && wb_stb && !refused;

    assign execute_read  = execute && !wb_we;
    assign execute_write = execute && wb_we && !rst_bus && !in_buffer;
    assign buffer_write  = execute && wb_we && !rst_bus && in_buffer;

    wire unused = wb_adr[2];  // selects within every window, and bounds none

    reg pending, failed;

    always @(posedge clk_bus) begin
        if (slot_bus) begin
            pending <= wb_cyc && wb_stb;
            failed  <= refused;
        end
        if (slot_fetch && in_buffer && !wb_we) wb_dat_r <= buffer_data;
        if (slot_take && !in_buffer) wb_dat_r <= live_data | file_data | counter_data | time_data;
        wb_ack <= slot_take && pending && !failed;
        wb_err <= slot_take && pending && failed;
        if (rst) begin
            pending <= 1'b0;
            wb_ack  <= 1'b0;
            wb_err  <= 1'b0;
        end
    end

`ifdef FORMAL
`include "wishbone_slave_properties.vh"
`endif
endmodule
