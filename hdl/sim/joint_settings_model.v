`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off SYNCASYNCNET */  // a power failure waits for no clock
// What a program outside the simulation sets of a joint_bench: registers written by name, station 0 lowest.
//
//   power          power switch of each adapter; may change at any time
//   link           link signal of each PHY; may change at any time
//   rom_image      256 bits a station, octet 0 of the MAC-address ROM in bits 7..0
//   phase_ns       16 bits a station: the MII clock's first edge; below 40 (400 at 10 Mb/s)
//   speed100, full_duplex  of the medium of each station
//   delays_ns      32 bits a listener and sender (listener * SENDERS + sender): from one to the other; from 2^31 on: never
//   garbage_index  8 bits a station: its number on its medium; garbage_seed: of all media
// Everything but power and link is to be set before time 0 has passed.
module joint_settings_model #(
    parameter STATIONS = 1,
    parameter SENDERS = 2
) (
    output reg  [        16*STATIONS-1:0] phases_ns,
    output reg  [       256*STATIONS-1:0] rom_images,
    output reg  [           STATIONS-1:0] powers,
    output reg  [           STATIONS-1:0] links,
    output reg  [           STATIONS-1:0] speeds100,
    output reg  [           STATIONS-1:0] are_full_duplex,
    output reg  [32*STATIONS*SENDERS-1:0] delay_table,
    output reg  [         8*STATIONS-1:0] indices,
    output reg  [                   31:0] seed
);
  localparam real SETTLING_NS = 0.05;

  reg [STATIONS-1:0] power  /*verilator public_flat_rw*/;
  reg [STATIONS-1:0] link  /*verilator public_flat_rw*/;
  reg [256*STATIONS-1:0] rom_image  /*verilator public_flat_rw*/;
  reg [16*STATIONS-1:0] phase_ns  /*verilator public_flat_rw*/;
  reg [STATIONS-1:0] speed100  /*verilator public_flat_rw*/;
  reg [STATIONS-1:0] full_duplex  /*verilator public_flat_rw*/;
  reg [32*STATIONS*SENDERS-1:0] delays_ns  /*verilator public_flat_rw*/;
  reg [8*STATIONS-1:0] garbage_index  /*verilator public_flat_rw*/;
  reg [31:0] garbage_seed  /*verilator public_flat_rw*/;

  // What leaves is a copy that no program outside can write: see settings_model.
  initial begin
    power = {STATIONS{1'b1}};
    link = {STATIONS{1'b1}};
    powers = {STATIONS{1'b1}};
    links = {STATIONS{1'b1}};
    rom_image = 0;
    phase_ns = 0;
    speed100 = {STATIONS{1'b1}};
    full_duplex = 0;
    delays_ns = {STATIONS*SENDERS{32'hFFFF_FFFF}};
    garbage_index = 0;
    garbage_seed = 0;
    #(SETTLING_NS);
    rom_images = rom_image;
    phases_ns = phase_ns;
    speeds100 = speed100;
    are_full_duplex = full_duplex;
    delay_table = delays_ns;
    indices = garbage_index;
    seed = garbage_seed;
  end

  // After the bus edge of that ns and before the MII edge.
  always @(power or link) begin
    powers <= #(SETTLING_NS) power;
    links <= #(SETTLING_NS) link;
  end
endmodule
/* verilator lint_on SYNCASYNCNET */
