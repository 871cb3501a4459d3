`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off MULTIDRIVEN */  // two ports write one memory, each by its own clock
// Model of the block RAM of an ECP5, for the simulation of netlists: what Yosys makes of our memories, and no more.
//
// Lattice FPGA-TN-02204, "ECP5 and ECP5-5G Memory Usage Guide". True dual port at 1 to 18 bits; at 36 bits port A writes,
// and DIB is the upper half of what it writes; port B reads, and DOB is the upper half of what it reads, DOA the lower.
// The widths of the ports may differ: an address is one of the ninths of 2304 bytes, or of a part of one. Byte enables are the
// lowest address bits at 18 and 36 bits. WRITEMODE NORMAL leaves the output alone while writing, READBEFOREWRITE gives
// what was there. Output registers, resets and chip selects are not modelled, and the first of them that is asked for ends
// the simulation.
module DP16KD #(
    parameter DATA_WIDTH_A = 18, DATA_WIDTH_B = 18,
    parameter REGMODE_A = "NOREG", REGMODE_B = "NOREG",
    parameter RESETMODE = "SYNC", ASYNC_RESET_RELEASE = "SYNC",
    parameter CSDECODE_A = "0b000", CSDECODE_B = "0b000",
    parameter WRITEMODE_A = "NORMAL", WRITEMODE_B = "NORMAL",
    parameter CLKAMUX = "CLKA", CLKBMUX = "CLKB",
    parameter GSR = "ENABLED", INIT_DATA = "STATIC",
    parameter [319:0] INITVAL_00 = 320'd0, INITVAL_01 = 320'd0, INITVAL_02 = 320'd0, INITVAL_03 = 320'd0,
        INITVAL_04 = 320'd0, INITVAL_05 = 320'd0, INITVAL_06 = 320'd0, INITVAL_07 = 320'd0, INITVAL_08 = 320'd0,
        INITVAL_09 = 320'd0, INITVAL_0A = 320'd0, INITVAL_0B = 320'd0, INITVAL_0C = 320'd0, INITVAL_0D = 320'd0,
        INITVAL_0E = 320'd0, INITVAL_0F = 320'd0, INITVAL_10 = 320'd0, INITVAL_11 = 320'd0, INITVAL_12 = 320'd0,
        INITVAL_13 = 320'd0, INITVAL_14 = 320'd0, INITVAL_15 = 320'd0, INITVAL_16 = 320'd0, INITVAL_17 = 320'd0,
        INITVAL_18 = 320'd0, INITVAL_19 = 320'd0, INITVAL_1A = 320'd0, INITVAL_1B = 320'd0, INITVAL_1C = 320'd0,
        INITVAL_1D = 320'd0, INITVAL_1E = 320'd0, INITVAL_1F = 320'd0, INITVAL_20 = 320'd0, INITVAL_21 = 320'd0,
        INITVAL_22 = 320'd0, INITVAL_23 = 320'd0, INITVAL_24 = 320'd0, INITVAL_25 = 320'd0, INITVAL_26 = 320'd0,
        INITVAL_27 = 320'd0, INITVAL_28 = 320'd0, INITVAL_29 = 320'd0, INITVAL_2A = 320'd0, INITVAL_2B = 320'd0,
        INITVAL_2C = 320'd0, INITVAL_2D = 320'd0, INITVAL_2E = 320'd0, INITVAL_2F = 320'd0, INITVAL_30 = 320'd0,
        INITVAL_31 = 320'd0, INITVAL_32 = 320'd0, INITVAL_33 = 320'd0, INITVAL_34 = 320'd0, INITVAL_35 = 320'd0,
        INITVAL_36 = 320'd0, INITVAL_37 = 320'd0, INITVAL_38 = 320'd0, INITVAL_39 = 320'd0, INITVAL_3A = 320'd0,
        INITVAL_3B = 320'd0, INITVAL_3C = 320'd0, INITVAL_3D = 320'd0, INITVAL_3E = 320'd0, INITVAL_3F = 320'd0
) (
    input  wire DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4,
        DIA3, DIA2, DIA1, DIA0,
    input  wire ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0,
    input  wire CEA, OCEA, CLKA, WEA, RSTA, CSA2, CSA1, CSA0,
    output wire DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4,
        DOA3, DOA2, DOA1, DOA0,
    input  wire DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4,
        DIB3, DIB2, DIB1, DIB0,
    input  wire ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
    input  wire CEB, OCEB, CLKB, WEB, RSTB, CSB2, CSB1, CSB0,
    output wire DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4,
        DOB3, DOB2, DOB1, DOB0
);
  localparam WORDS = 512;  // of 36 bits
  localparam WRITES_WIDE = DATA_WIDTH_A == 36, READS_WIDE = DATA_WIDTH_B == 36;
  // Words of 18 bits, each in a field of 20.
  localparam [64*320-1:0] CONTENTS = {
      INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A, INITVAL_39, INITVAL_38,
      INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30,
      INITVAL_2F, INITVAL_2E, INITVAL_2D, INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28,
      INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24, INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20,
      INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C, INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18,
      INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14, INITVAL_13, INITVAL_12, INITVAL_11, INITVAL_10,
      INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A, INITVAL_09, INITVAL_08,
      INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03, INITVAL_02, INITVAL_01, INITVAL_00
  };

  reg [35:0] memory[0:WORDS-1];
  reg [17:0] read_a, read_b, upper;  // upper: bits 35..18 of a wide read
  integer i, j;

  wire [13:0] address_a = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0};
  wire [13:0] address_b = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0};
  wire [17:0] data_a = {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4,
      DIA3, DIA2, DIA1, DIA0};
  wire [17:0] data_b = {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4,
      DIB3, DIB2, DIB1, DIB0};
  wire [17:0] out_a = READS_WIDE ? read_b : read_a;
  wire [17:0] out_b = READS_WIDE ? upper : read_b;
  assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2,
      DOA1, DOA0} = out_a;
  assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2,
      DOB1, DOB0} = out_b;

  // First bit of a word of 1 to 18 bits within its 36, and the bits that a write changes there. Words of 1, 2 and 4 bits leave out
  // the ninth bit of each byte.
  function [5:0] first(input integer width, input [13:0] address);
    case (width)
      18: first = address[4] ? 6'd18 : 6'd0;
      9: first = 6'd9 * {4'd0, address[4:3]};
      default: first = 6'd9 * {4'd0, address[4:3]} + {3'd0, address[2:0]};
    endcase
  endfunction

  function [35:0] mask(input integer width, input [13:0] address);
    case (width)
      36: mask = {{9{address[3]}}, {9{address[2]}}, {9{address[1]}}, {9{address[0]}}};
      18: mask = {18'd0, {9{address[1]}}, {9{address[0]}}} << first(width, address);
      default: mask = ((36'd1 << width) - 36'd1) << first(width, address);
    endcase
  endfunction

  function [17:0] word(input integer width, input [13:0] address, input [35:0] line);
    reg [35:0] shifted;
    begin
      shifted = line >> first(width, address);
      word = shifted[17:0] & ((18'd1 << width) - 18'd1);
    end
  endfunction

  wire [35:0] line_a = memory[address_a[13:5]];
  wire [35:0] line_b = memory[address_b[13:5]];
  wire [35:0] mask_a = mask(DATA_WIDTH_A, address_a);
  wire [35:0] mask_b = mask(DATA_WIDTH_B, address_b);
  wire [35:0] new_a = WRITES_WIDE ? {data_b, data_a} : {18'd0, data_a} << first(DATA_WIDTH_A, address_a);
  wire [35:0] new_b = {18'd0, data_b} << first(DATA_WIDTH_B, address_b);
  wire unused = &{1'b0, OCEA, OCEB, RESETMODE == "SYNC", ASYNC_RESET_RELEASE == "SYNC", GSR == "ENABLED"};

  initial begin
    for (i = 0; i < WORDS; i = i + 1)
      for (j = 0; j < 18; j = j + 1) begin  // what is not given is 0
        memory[i][j] = CONTENTS[40*i+j] === 1'b1;
        memory[i][j+18] = CONTENTS[40*i+20+j] === 1'b1;
      end
    read_a = 18'd0;
    read_b = 18'd0;
    upper = 18'd0;
    if (REGMODE_A != "NOREG" || REGMODE_B != "NOREG" || CSDECODE_A != "0b000" || CSDECODE_B != "0b000"
        || INIT_DATA != "STATIC" || CLKAMUX != "CLKA" || CLKBMUX != "CLKB") begin
      $display("DP16KD: this use of the block RAM is not modelled: %m");
      $finish;
    end
  end

  always @(posedge CLKA)
    if (CEA && {CSA2, CSA1, CSA0} == 3'd0) begin
      if (WEA) memory[address_a[13:5]] <= (line_a & ~mask_a) | (new_a & mask_a);
      if (!WEA || WRITEMODE_A == "READBEFOREWRITE") read_a <= word(DATA_WIDTH_A, address_a, line_a);
      if (RSTA) $display("DP16KD: a reset is not modelled: %m");
    end

  always @(posedge CLKB)
    if (CEB && {CSB2, CSB1, CSB0} == 3'd0) begin
      if (WEB && !WRITES_WIDE && !READS_WIDE) memory[address_b[13:5]] <= (line_b & ~mask_b) | (new_b & mask_b);
      if (READS_WIDE) {upper, read_b} <= line_b;
      else if (!WEB || WRITEMODE_B == "READBEFOREWRITE") read_b <= word(DATA_WIDTH_B, address_b, line_b);
      if (RSTB) $display("DP16KD: a reset is not modelled: %m");
    end
endmodule
/* verilator lint_on MULTIDRIVEN */
