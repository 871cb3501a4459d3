`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off ZERODLY */  // every delay has a fraction of a ns in it, so none is zero
/* verilator lint_off SYNCASYNCNET */  // TX_EN is sampled by clocks and, as an analogue medium does, followed at once
/* verilator lint_off BLKSEQ */  // a behavioural model: its variables change as the text runs, what leaves it by <=
// The PHY and the medium of one station, played from a script: what arrives when, with which symbols.
//
// An *arrival* is another station's transmission as it comes to this MII: from `start` to `start + duration` it is there,
// and CRS, COL and RX_DV follow as docs/adapter.md ("The segment") says, so a script can only say what a PHY could. Its
// symbols, one a nibble, are whatever one likes: a frame, a part of one, errors. The file that +script= names holds 64-bit
// words in hexadecimal:
//
//   word 0         bits 15..0 arrivals counted from the load, 31..16 from a rise of TX_EN, 47..32 from a fall of it,
//                  63..48 index of the first word of symbols
//   two words an   {start_ns[31:0], duration_ns[31:0]} and {transmission[31:0], symbol[31:0]}: in these three groups, each
//   arrival        in the order of time; `transmission` counts rises (or falls) of TX_EN since the load, from 0, and
//                  `symbol` is the index of the first symbol
//   symbols        eight a word, the first in bits 7..0: bits 3..0 RXD, 4 RX_ER
//
// `load` changes: the script is read, and time counts from there. No script may be loaded before the arrivals of the
// previous one that count from the load are over. Arrivals do not overlap and leave a nibble between them.
//
// Ports: clk is both TX_CLK and RX_CLK. `phy` (written by name): bit 0 half duplex: CRS is own TX_EN or an arrival, COL
// both at once; without it (`full_duplex`) CRS is an arrival, COL 0; bit 1 SQE test after each transmission (half duplex).
// Timing: as the segment's: arrivals change CRS and COL 0.5 ns after the whole ns, RX_DV is registered by clk two
// nibbles after the edge that samples the arrival.
module mii_script_model (
    input  wire       clk,
    input  wire       tx_en,
    input  wire [7:0] bit_ns,
    output reg        rx_dv,
    output reg        rx_er,
    output reg  [3:0] rxd,
    output wire       crs,
    output wire       col,
    output wire       full_duplex
);
  localparam WORDS = 65536;
  localparam PATH_OCTETS = 1024;
  localparam SQE_FIRST_BITS = 10;  // SQE test signal, from the end of the transmission
  localparam SQE_LAST_BITS = 20;

  reg load  /*verilator public_flat_rw*/;
  reg [1:0] phy  /*verilator public_flat_rw*/;

  reg [63:0] script[0:WORDS-1];
  reg [8*PATH_OCTETS-1:0] path;
  reg has_script;
  wire half_duplex = phy[0];
  assign full_duplex = !half_duplex;
  wire sqe_test = phy[1] && half_duplex;

  // Arrivals
  reg from_load, from_own;  // something arrives, counted from the load, or from the own transmission
  reg [31:0] load_symbol, own_symbol;  // ... and begins with this symbol
  wire arrives = from_load || from_own;
  reg sqe;

  integer next;  // arrival that counts from the load, and how many are left
  integer left;
  integer rise_next, rise_left, fall_next, fall_left;  // arrivals that count from TX_EN
  integer rises, falls;  // of TX_EN since the load
  integer played_ns;  // time since the load
  reg own;  // TX_EN as this process has seen it

  initial begin
    load = 0;
    phy = 2'b01;
    from_load = 0;
    from_own = 0;
    load_symbol = 0;
    own_symbol = 0;
    sqe = 0;
    next = 0;
    left = 0;
    rise_next = 0;
    rise_left = 0;
    fall_next = 0;
    fall_left = 0;
    rises = 0;
    falls = 0;
    played_ns = 0;
    own = 0;
    has_script = $value$plusargs("script=%s", path) != 0;
  end

  always @(load)
    if (has_script && $time != 0) begin  // its first value is no change
      $readmemh(path, script);
      rises = 0;
      falls = 0;
      next = 1;
      left = {16'b0, script[0][15:0]};
      rise_next = next + 2 * left;
      rise_left = {16'b0, script[0][31:16]};
      fall_next = rise_next + 2 * rise_left;
      fall_left = {16'b0, script[0][47:32]};
      played_ns = 0;
      #0.5;
      while (left > 0) begin
        if (script[next][63:32] > played_ns) #(script[next][63:32] - played_ns);
        load_symbol <= script[next+1][31:0];
        from_load <= 1;
        #(script[next][31:0]) from_load <= 0;
        played_ns = script[next][63:32] + script[next][31:0];
        next = next + 2;
        left = left - 1;
      end
    end

  // Schedule an arrival that counts from TX_EN, which changes now.
  task schedule(input integer index);
    begin
      own_symbol <= #(script[index][63:32] + 0.5 - ($realtime - $time)) script[index+1][31:0];
      from_own <= #(script[index][63:32] + 0.5 - ($realtime - $time)) 1'b1;
      from_own <= #(script[index][63:32] + script[index][31:0] + 0.5 - ($realtime - $time)) 1'b0;
    end
  endtask

  always @(tx_en)
    if (tx_en && !own) begin
      own = 1;
      while (rise_left > 0 && script[rise_next+1][63:32] == rises) begin
        schedule(rise_next);
        rise_next = rise_next + 2;
        rise_left = rise_left - 1;
      end
      rises = rises + 1;
    end else if (!tx_en && own) begin
      own = 0;
      while (fall_left > 0 && script[fall_next+1][63:32] == falls) begin
        schedule(fall_next);
        fall_next = fall_next + 2;
        fall_left = fall_left - 1;
      end
      falls = falls + 1;
      if (sqe_test) begin
        sqe <= #(SQE_FIRST_BITS * bit_ns + 0.5 - ($realtime - $time)) 1'b1;
        sqe <= #(SQE_LAST_BITS * bit_ns + 0.5 - ($realtime - $time)) 1'b0;
      end
    end

  assign crs = arrives || (half_duplex && tx_en);
  assign col = half_duplex && ((arrives && tx_en) || sqe);

  // Receive side of the PHY
  reg sampled, delayed, receives;
  reg [31:0] first;  // symbol of what was sampled
  reg [31:0] at;  // symbol that comes next
  reg [63:0] word;
  reg [7:0] symbol;
  wire [2:0] unused_symbol_bits = symbol[7:5];

  initial begin
    sampled = 0;
    delayed = 0;
    receives = 0;
    first = 0;
    at = 0;
    word = 0;
    symbol = 0;
    rx_dv = 0;
    rx_er = 0;
    rxd = 0;
  end

  always @(posedge clk) begin
    if (delayed) begin
      if (!receives) at = first;
      word = script[{16'b0, script[0][63:48]}+(at>>3)];
      symbol = word[8*at[2:0]+:8];
      at = at + 1;
    end else symbol = 0;
    receives = delayed;
    delayed = sampled;
    if (arrives && !sampled) first = from_load ? load_symbol : own_symbol;
    sampled = arrives;
    rx_dv <= receives;
    rx_er <= symbol[4];
    rxd <= symbol[3:0];
  end
endmodule
/* verilator lint_on BLKSEQ */
/* verilator lint_on SYNCASYNCNET */
/* verilator lint_on ZERODLY */
