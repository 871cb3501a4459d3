// Manchester encoder of 10BASE-T: nibbles of an MII to a line of two wires, with start of idle and link pulses.
//
// IEEE Std 802.3-2022 7.3.1.1, 14.2.1.1 and 22.2.2; twin: firmware_models/phy/encoder.py. Clock clk, 60 MHz: a bit is 6
// clocks, a nibble 24. Line: td_p for high, td_n for low, both 0 for idle.
// MII: tx_clk is GENERATED: high for 12 clocks, low for 12; a board puts it on a global clock net. TXD and TX_EN are
// taken where tx_clk falls, half a period after the MAC changed them: no synchroniser is needed. The first half of the
// first bit is on the line one clk later. TX_ER has no meaning at 10 Mb/s.
// After the last bit the line is high for IDLE_BITS bits (start of idle: 300 ns, 350 ns after a 1), then idle.
// `pulse`, a clock while the line is idle, sends a link pulse: high for 6 clocks, 100 ns. It is lost while a frame, or
// its start of idle, is on the line.
// `disable_output` silences the line at once; a frame that it has met does not come back when it goes.
`default_nettype none
`timescale 1ns/1ps

module manchester_encoder (
    input  wire       clk,
    input  wire       rst,
    // MII
    output reg        tx_clk,
    input  wire [3:0] txd,
    input  wire       tx_en,
    // Control
    input  wire       disable_output,
    input  wire       pulse,
    output wire       transmitting,  // from the first bit to the end of the last
    // Line
    output reg        td_p,
    output reg        td_n
);
    localparam [2:0] LAST_CLOCK = 3'd5;  // of a bit
    localparam [2:0] HALF       = 3'd3;
    localparam [1:0] IDLE_BITS  = 2'd3;

    reg [2:0] count;      // clock of the bit
    reg [1:0] index;      // bit of the nibble
    reg [3:0] shift;      // bit under way in shift[0]
    reg       active;     // a nibble is being sent
    reg [1:0] idle_bits;  // of the start of idle, still to come
    reg [2:0] pulse_left;
    reg       blocked;    // to the end of the frame

    wire bit_end = count == LAST_CLOCK;
    wire take    = bit_end && index == 2'd3;  // tx_clk falls here
    wire high    = count >= HALF ? shift[0] : !shift[0];

    wire silent = disable_output || blocked;
    assign transmitting = active && !silent;

    initial begin  // it has to run for the MAC to come out of reset
        count  = 3'd0;
        index  = 2'd0;
        tx_clk = 1'b0;
    end
    always @(posedge clk) begin
        count <= bit_end ? 3'd0 : count + 3'd1;
        if (bit_end) begin
            index <= index + 2'd1;
            if (index[0]) tx_clk <= !index[1];
        end
    end

    always @(posedge clk) begin
        if (bit_end) begin
            shift <= {1'b0, shift[3:1]};
            if (idle_bits != 2'd0) idle_bits <= idle_bits - 2'd1;
        end
        if (take) begin
            shift  <= txd;
            active <= tx_en;
            if (transmitting && !tx_en) idle_bits <= IDLE_BITS;
            if (!tx_en) blocked <= 1'b0;
        end
        if (disable_output && active && !(take && !tx_en)) blocked <= 1'b1;
        pulse_left <= pulse && !active && idle_bits == 2'd0 ? LAST_CLOCK + 3'd1
                    : pulse_left != 3'd0                    ? pulse_left - 3'd1 : 3'd0;
        td_p <= transmitting ? high : idle_bits != 2'd0 || pulse_left != 3'd0;
        td_n <= transmitting && !high;
        if (rst) begin
            active     <= 1'b0;
            blocked    <= 1'b0;
            idle_bits  <= 2'd0;
            pulse_left <= 3'd0;
            td_p       <= 1'b0;
            td_n       <= 1'b0;
        end
    end
endmodule
