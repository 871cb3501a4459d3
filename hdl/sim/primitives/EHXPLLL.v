`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off ZERODLY */  // the delays are not constant, but none is zero
// Model of the PLL of an ECP5, for lint and for simulation of a board's top; only what our tops use of it.
//
// Lattice FPGA-TN-02200, "ECP5 and ECP5-5G sysCLOCK PLL/DLL". CLKOP = CLKI * CLKFB_DIV / CLKI_DIV, in phase with CLKI,
// with the feedback from CLKOP. LOCK rises after LOCK_EDGES of CLKI, and CLKOP runs from then on.
// It does not notice a CLKI that stops or changes.
module EHXPLLL #(
    parameter CLKI_DIV = 1,
    parameter CLKFB_DIV = 1,
    parameter FEEDBK_PATH = "CLKOP",
    parameter CLKOP_ENABLE = "ENABLED",
    parameter CLKOP_DIV = 8,
    parameter CLKOP_CPHASE = 0,
    parameter CLKOP_FPHASE = 0
) (
    input  wire CLKI,
    input  wire CLKFB,
    output reg  CLKOP,
    output reg  LOCK,
    output wire CLKINTFB,
    input  wire RST,
    input  wire STDBY,
    input  wire PLLWAKESYNC,
    input  wire ENCLKOP,
    input  wire PHASESEL0,
    input  wire PHASESEL1,
    input  wire PHASEDIR,
    input  wire PHASESTEP,
    input  wire PHASELOADREG
);
  localparam LOCK_EDGES = 10;

  real before_ns, half_ns;

  wire unused = &{1'b0, CLKFB, RST, STDBY, PLLWAKESYNC, ENCLKOP, PHASESEL0, PHASESEL1, PHASEDIR, PHASESTEP, PHASELOADREG,
                  FEEDBK_PATH == "CLKOP", CLKOP_ENABLE == "ENABLED", CLKOP_DIV == 0, CLKOP_CPHASE == 0,
                  CLKOP_FPHASE == 0};
  assign CLKINTFB = 1'b0;

  initial begin
    CLKOP = 0;
    LOCK  = 0;
    repeat (LOCK_EDGES) @(posedge CLKI);
    before_ns = $realtime;
    @(posedge CLKI);
    half_ns = ($realtime - before_ns) * CLKI_DIV / CLKFB_DIV / 2;
    LOCK = 1;
    forever begin
      CLKOP = 1;
      #(half_ns) CLKOP = 0;
      #(half_ns);
    end
  end
endmodule
/* verilator lint_on ZERODLY */
