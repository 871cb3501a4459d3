`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off BLKSEQ */  // a behavioural model: its variables change as the text runs, what leaves it by <=
// A MAC of a bench that only sends and counts: frames of pseudo-random octets with an FCS, and the ones that arrive.
//
// `request` changes: `frames` frames are sent, of least_octets to most_octets (with FCS), gap_nibbles apart (from the fall
// of TX_EN), the first at once; `sent` counts those that have left. What they hold follows from `seed`.
// Every reception (RX_DV) is counted: in good, if it has an SFD at its beginning, a right FCS and whole octets, else in bad;
// octets is the sum of octets of the good ones, and digest the sum of their FCS: two ends agree on what went across
// if frames, octets and digests agree. sent_octets and sent_digest are those of what was sent.
// jab: TX_EN stays up as long as it is 1, with zeros.
// Ports as a MAC's: TXD and TX_EN change where tx_clk rises, RXD and RX_DV are sampled where rx_clk rises.
module mii_traffic_model (
    input  wire       tx_clk,
    output reg  [3:0] txd,
    output reg        tx_en,
    input  wire       rx_clk,
    input  wire [3:0] rxd,
    input  wire       rx_dv
);
  localparam [31:0] MULTIPLIER = 32'd1664525;
  localparam [31:0] INCREMENT = 32'd1013904223;
  localparam [31:0] POLYNOMIAL = 32'hEDB8_8320;  // reflected
  localparam [31:0] RESIDUE = 32'hDEBB_20E3;  // reflected, before the complement
  localparam PREAMBLE_NIBBLES = 15;

  reg request  /*verilator public_flat_rw*/;
  reg [31:0] frames  /*verilator public_flat_rw*/;
  reg [15:0] least_octets  /*verilator public_flat_rw*/;
  reg [15:0] most_octets  /*verilator public_flat_rw*/;
  reg [15:0] gap_nibbles  /*verilator public_flat_rw*/;
  reg [31:0] seed  /*verilator public_flat_rw*/;
  reg jab  /*verilator public_flat_rw*/;
  reg [31:0] sent  /*verilator public_flat_rd*/;
  reg [31:0] good  /*verilator public_flat_rd*/;
  reg [31:0] bad  /*verilator public_flat_rd*/;
  reg [31:0] octets  /*verilator public_flat_rd*/;
  reg [31:0] digest  /*verilator public_flat_rd*/;
  reg [31:0] sent_octets  /*verilator public_flat_rd*/;
  reg [31:0] sent_digest  /*verilator public_flat_rd*/;

  reg done;
  reg [31:0] left;
  reg [31:0] dice, crc;
  reg [31:0] fcs;  // moved down to the octet that is due
  wire [23:0] unused_fcs = fcs[31:8];
  reg [15:0] size, position, gap;
  reg [3:0] preamble;
  reg high;
  reg [7:0] octet;
  integer state;

  function [31:0] crc_octet(input [31:0] before, input [7:0] value);
    integer i;
    begin
      crc_octet = before ^ {24'b0, value};
      for (i = 0; i < 8; i = i + 1) crc_octet = crc_octet[0] ? (crc_octet >> 1) ^ POLYNOMIAL : crc_octet >> 1;
    end
  endfunction

  initial begin
    request = 0;
    frames = 0;
    least_octets = 64;
    most_octets = 64;
    gap_nibbles = 24;
    seed = 1;
    jab = 0;
    sent = 0;
    good = 0;
    bad = 0;
    octets = 0;
    digest = 0;
    sent_octets = 0;
    sent_digest = 0;
    done = 0;
    left = 0;
    dice = 0;
    crc = 0;
    fcs = 0;
    size = 0;
    position = 0;
    gap = 0;
    preamble = 0;
    high = 0;
    octet = 0;
    state = 0;
    txd = 0;
    tx_en = 0;
    receiving = 0;
    nibbles = 0;
    began_well = 0;
    rx_crc = 0;
    low = 0;
  end

  always @(posedge tx_clk) begin
    if (request != done) begin
      done = request;
      dice = seed;
      left = frames;
      gap  = 0;
    end
    case (state)
      0: begin
        tx_en <= jab;
        txd   <= 0;
        if (gap != 0) gap = gap - 1;
        else if (left != 0 && !jab) begin
          dice = dice * MULTIPLIER + INCREMENT;
          size = least_octets + dice[31:16] % (most_octets - least_octets + 16'd1);
          position = 0;
          high = 0;
          crc = 32'hFFFF_FFFF;
          preamble = 1;
          tx_en <= 1;
          txd <= 4'h5;
          state = 1;
        end
      end
      1: begin
        txd <= preamble == PREAMBLE_NIBBLES ? 4'hD : 4'h5;
        if (preamble == PREAMBLE_NIBBLES) state = 2;
        preamble = preamble + 1;
      end
      2:
      if (position == size) begin
        tx_en <= 0;
        txd <= 0;
        state = 0;
        gap = gap_nibbles - 1;
        left = left - 1;
        sent = sent + 1;
        sent_octets = sent_octets + {16'b0, size};
        sent_digest = sent_digest + ~crc;
      end else begin
        if (!high) begin
          fcs = crc >> (8 * (position + 16'd4 - size));
          if (position + 16'd4 >= size) octet = ~fcs[7:0];
          else begin
            dice  = dice * MULTIPLIER + INCREMENT;
            octet = dice[31:24];
            crc   = crc_octet(crc, octet);
          end
        end
        txd <= high ? octet[7:4] : octet[3:0];
        if (high) position = position + 1;
        high = !high;
      end
      default: state = 0;
    endcase
  end

  reg receiving;
  reg [31:0] nibbles;
  reg began_well;
  reg [31:0] rx_crc, rx_crc_1, rx_crc_2, rx_crc_3, rx_crc_4;  // and before the last octets
  reg [3:0] low;

  always @(posedge rx_clk) begin
    if (rx_dv) begin
      if (!receiving) begin
        receiving = 1;
        nibbles = 0;
        began_well = rxd == 4'h5;
        rx_crc = 32'hFFFF_FFFF;
      end else begin
        if (nibbles == 1 && rxd != 4'hD) began_well = 0;
        if (nibbles[0] == 0) low = rxd;
        else if (nibbles != 1) begin
          rx_crc_4 = rx_crc_3;
          rx_crc_3 = rx_crc_2;
          rx_crc_2 = rx_crc_1;
          rx_crc_1 = rx_crc;
          rx_crc   = crc_octet(rx_crc, {rxd, low});
        end
      end
      nibbles = nibbles + 1;
    end else if (receiving) begin
      receiving = 0;
      if (began_well && nibbles[0] == 0 && rx_crc == RESIDUE) begin
        good   = good + 1;
        octets = octets + nibbles / 2 - 1;
        digest = digest + ~rx_crc_4;
      end else bad = bad + 1;
    end
  end
endmodule
/* verilator lint_on BLKSEQ */
