`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off SYNCASYNCNET */  // a power failure waits for no clock
// What a program outside the simulation sets: registers written by name, one field for each station, station 0 lowest.
//
//   power          power switch of each adapter; may change at any time
//   link           link signal of each PHY; may change at any time
//   rom_image      256 bits a station, octet 0 of the MAC-address ROM in bits 7..0
//   position_bits  16 bits a station, 0 to 8191: place on the segment, in bit times from its end
//   phase_ns       16 bits a station: the MII clock's first edge; below 40 (400 at 10 Mb/s)
//   speed100, full_duplex, garbage_seed  of the segment
// Everything but power and link is to be set before time 0 has passed.
module settings_model #(
    parameter STATIONS = 2
) (
    output wire [ 16*STATIONS-1:0] positions_bits,
    output wire [ 16*STATIONS-1:0] phases_ns,
    output wire [256*STATIONS-1:0] rom_images,
    output wire [    STATIONS-1:0] powers,
    output wire [    STATIONS-1:0] links,
    output wire [             7:0] bit_ns,
    output wire [            15:0] nibble_ns,
    output wire                    is_full_duplex,
    output wire                    sqe_test,
    output wire [            31:0] seed
);
  localparam real SETTLING_NS = 0.05;
  localparam [15:0] PHASE_STEP_NS = 7;
  localparam [15:0] NIBBLE_NS_100 = 40;

  reg [STATIONS-1:0] power  /*verilator public_flat_rw*/;
  reg [STATIONS-1:0] link  /*verilator public_flat_rw*/;
  reg [256*STATIONS-1:0] rom_image  /*verilator public_flat_rw*/;
  reg [16*STATIONS-1:0] position_bits  /*verilator public_flat_rw*/;
  reg [16*STATIONS-1:0] phase_ns  /*verilator public_flat_rw*/;
  reg speed100  /*verilator public_flat_rw*/;
  reg full_duplex  /*verilator public_flat_rw*/;
  reg [31:0] garbage_seed  /*verilator public_flat_rw*/;
  reg [15:0] station;

  // Copies that no program outside can write: Verilator evaluates at every step whatever depends on one that can be
  // written, and nearly everything depends on these.
  reg [STATIONS-1:0] power_now;
  reg [STATIONS-1:0] link_now;
  reg [256*STATIONS-1:0] rom_image_set;
  reg [16*STATIONS-1:0] position_bits_set;
  reg [16*STATIONS-1:0] phase_ns_set;
  reg speed100_set;
  reg full_duplex_set;
  reg [31:0] garbage_seed_set;

  initial begin
    power = {STATIONS{1'b1}};
    link = {STATIONS{1'b1}};
    power_now = {STATIONS{1'b1}};
    link_now = {STATIONS{1'b1}};
    rom_image = 0;
    position_bits = 0;
    for (station = 0; {16'b0, station} < STATIONS; station = station + 1)
      phase_ns[16*station+:16] = (PHASE_STEP_NS * station) % NIBBLE_NS_100;
    speed100 = 1;
    full_duplex = 0;
    garbage_seed = 0;
    #(SETTLING_NS);
    rom_image_set = rom_image;
    position_bits_set = position_bits;
    phase_ns_set = phase_ns;
    speed100_set = speed100;
    full_duplex_set = full_duplex;
    garbage_seed_set = garbage_seed;
  end

  // After the bus edge of that ns and before the MII edge.
  always @(power or link) begin
    power_now <= #(SETTLING_NS) power;
    link_now <= #(SETTLING_NS) link;
  end

  assign powers = power_now;
  assign links = link_now;
  assign rom_images = rom_image_set;
  assign positions_bits = position_bits_set;
  assign phases_ns = phase_ns_set;
  assign bit_ns = speed100_set ? 8'd10 : 8'd100;
  assign nibble_ns = speed100_set ? NIBBLE_NS_100 : 16'd400;
  assign is_full_duplex = full_duplex_set;
  assign sqe_test = !speed100_set;
  assign seed = garbage_seed_set;
endmodule
/* verilator lint_on SYNCASYNCNET */
