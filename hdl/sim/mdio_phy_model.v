`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off BLKSEQ */  // a behavioural model: its variables change as the text runs, what leaves it by <=
// The management side of one PHY: 32 registers of 16 bits behind MDC and MDIO.
//
// IEEE Std 802.3-2022 22.2.4.5. It answers to ADDRESS, with or without the preamble, which it counts. Each frame is written
// to the file that +mdio_record= names, when its last bit has been sampled:
//
//   mdio PREAMBLE OPCODE PHY REGISTER TURNAROUND DATA SHORTEST_NS HIGH_NS LOW_NS DRIVEN
//
// numbers but TURNAROUND (the two bits as sampled, z where nobody drove) and DATA (hexadecimal, what the line carried);
// SHORTEST_NS is the shortest time between two rises of MDC in the frame, HIGH_NS and LOW_NS the shortest times at these
// levels; DRIVEN is 1 where the station drove MDIO in a bit of a read that belongs to the PHY.
//
// Ports: mdio_oe says that the station drives mdio_o; mdio_i is the line, with a pull-up. Register 0 bit 15 resets, and reads 0.
// Timing: MDIO is sampled where MDC rises; the PHY changes it OUTPUT_NS after that (at most 300 ns, 22.3.4).
// It has no auto-negotiation; the values after power-on are those of a PHY with a link at 100 Mb/s.
module mdio_phy_model #(
    parameter [4:0] ADDRESS = 1,
    parameter OUTPUT_NS = 290
) (
    input  wire mdc,
    input  wire mdio_o,
    input  wire mdio_oe,
    output wire mdio_i
);
  localparam PATH_OCTETS = 1024;
  localparam [1:0] OP_READ = 2'b10;
  localparam [1:0] OP_WRITE = 2'b01;
  localparam [15:0] CONTROL = 16'h3000;  // 100 Mb/s, auto-negotiation
  localparam [15:0] STATUS = 16'h786D;  // 10 and 100 Mb/s, preamble suppression, auto-negotiation complete, link
  localparam [15:0] IDENTIFIER_1 = 16'h0022;
  localparam [15:0] IDENTIFIER_2 = 16'h1560;
  localparam [15:0] ADVERTISEMENT = 16'h01E1;
  localparam RESET_BIT = 15;
  localparam NEVER_NS = 1_000_000;
  // Number of the last bit of each part of a frame, from 1
  localparam ADDRESS_END = 14;  // start, opcode, PHY, register
  localparam TURNAROUND_END = 16;
  localparam FRAME_END = 32;

  reg [15:0] registers[0:31];
  reg drives, value;
  integer i;
  integer ones;  // in a row, before the frame
  integer bits;  // of the frame, so far
  reg [15:0] frame;  // its last bits
  reg [11:0] fields;  // opcode, PHY, register, once they are there
  reg [15:0] answer;
  reg [8*2-1:0] turnaround;
  reg was_driven;
  time rise_ns, fall_ns, shortest_ns, high_ns, low_ns;
  reg [8*PATH_OCTETS-1:0] path;
  reg [31:0] file;

  wire line = mdio_oe ? mdio_o : drives ? value : 1'b1;
  wire is_read = fields[11:10] == OP_READ;
  wire is_ours = fields[9:5] == ADDRESS;
  assign mdio_i = line;

  task power_on;
    begin
      for (i = 0; i < 32; i = i + 1) registers[i] = 0;
      registers[0] = CONTROL;
      registers[1] = STATUS;
      registers[2] = IDENTIFIER_1;
      registers[3] = IDENTIFIER_2;
      registers[4] = ADVERTISEMENT;
      registers[5] = ADVERTISEMENT;
    end
  endtask

  task write_register(input [4:0] index, input [15:0] data);
    case (index)
      5'd0:
      if (data[RESET_BIT]) power_on;
      else registers[0] = data;
      5'd1, 5'd2, 5'd3, 5'd5, 5'd6: ;  // read-only
      default: registers[index] = data;
    endcase
  endtask

  task end_of_frame;
    begin
      if (fields[11:10] == OP_WRITE && is_ours) write_register(fields[4:0], frame);
      if (file != 0) begin
        $fwrite(file, "mdio %0d %0d %0d %0d %s %h %0d %0d %0d %0d\n", ones, fields[11:10], fields[9:5], fields[4:0],
                turnaround, frame, shortest_ns, high_ns, low_ns, was_driven);
        $fflush(file);
      end
      ones = 0;
      bits = 0;
      fields = 0;
    end
  endtask

  initial begin
    power_on;
    drives = 0;
    value = 1;
    ones = 0;
    bits = 0;
    frame = 0;
    fields = 0;
    answer = 0;
    turnaround = 0;
    was_driven = 0;
    rise_ns = 0;
    fall_ns = 0;
    shortest_ns = NEVER_NS;
    high_ns = NEVER_NS;
    low_ns = NEVER_NS;
    if ($value$plusargs("mdio_record=%s", path)) file = $fopen(path, "w");
    else file = 0;
  end

  always @(negedge mdc) begin
    if (bits > 1 && $time - rise_ns < high_ns) high_ns = $time - rise_ns;
    fall_ns = $time;
  end

  always @(posedge mdc) begin
    if (bits == 0 && line) ones = ones + 1;
    else begin
      if (bits == 0) begin
        was_driven = 0;
        shortest_ns = NEVER_NS;
        high_ns = NEVER_NS;
        low_ns = NEVER_NS;
      end else begin
        if ($time - rise_ns < shortest_ns) shortest_ns = $time - rise_ns;
        if ($time - fall_ns < low_ns) low_ns = $time - fall_ns;
      end
      frame = {frame[14:0], line};
      bits = bits + 1;
      if (bits == ADDRESS_END) begin
        fields = frame[11:0];
        answer = registers[frame[4:0]];
      end else if (bits > ADDRESS_END) begin
        if (bits <= TURNAROUND_END)
          turnaround = {turnaround[7:0], !mdio_oe && !drives ? "z" : line ? "1" : "0"};
        if (is_read && mdio_oe) was_driven = 1;
        if (is_read && is_ours && bits < FRAME_END) begin  // the first bit of the turnaround is nobody's, the second 0
          drives <= #(OUTPUT_NS) 1'b1;
          value <= #(OUTPUT_NS) bits >= TURNAROUND_END && answer[FRAME_END-1-bits];
        end
        if (bits == FRAME_END) begin
          drives <= #(OUTPUT_NS) 1'b0;
          end_of_frame;
        end
      end
    end
    rise_ns = $time;
  end
endmodule
/* verilator lint_on BLKSEQ */
