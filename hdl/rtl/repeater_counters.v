// Counters of a repeater hub, five for each port, in a block RAM.
//
// Clock clk; rst clears what waits to be counted, not the memory, which is 0 after configuration.
// Inputs: frame, fragment, collision, partition, jabber, one bit a port, high for an edge: count one. select, which
// counter is wanted: 5 * port + (0 frames, 1 fragments, 2 collisions, 3 partitions, 4 jabbers), ports from 0.
// Output: value, a register: that counter, 32 bits, wrapping; it is up to date once in a round of 5 * PORTS clocks.
// Events wait in two bits each until the round comes to their counter: nothing happens three times to a port in a round.
// Parameters: PORTS, 2 to 8.
`default_nettype none
`timescale 1ns/1ps

module repeater_counters #(
    parameter PORTS = 4
) (
    input  wire             clk,
    input  wire             rst,
    input  wire [PORTS-1:0] frame,
    input  wire [PORTS-1:0] fragment,
    input  wire [PORTS-1:0] collision,
    input  wire [PORTS-1:0] partition,
    input  wire [PORTS-1:0] jabber,
    input  wire [5:0]       select,
    output reg  [31:0]      value
);
    localparam       KINDS = 5;
    localparam       WORDS = KINDS * PORTS;
    localparam [5:0] LAST  = WORDS[5:0] - 6'd1;

    reg [31:0] memory [0:63];
    reg [31:0] word;           // read at the last edge, of counter `at`
    reg [5:0]  next, at;
    reg [1:0]  add;            // to that word
    reg [1:0]  waiting [0:63]; // those beyond the last counter stay 0
    wire [63:0] events;
    integer    i;

    initial for (i = 0; i < 64; i = i + 1) memory[i] = 32'd0;

    assign events[63:WORDS] = {(64-WORDS){1'b0}};

    genvar p;
    generate
        for (p = 0; p < PORTS; p = p + 1) begin : port
            assign events[KINDS*p +: KINDS] = {jabber[p], partition[p], collision[p], fragment[p], frame[p]};
        end
    endgenerate

    wire [31:0] sum = word + {30'd0, add};

    always @(posedge clk) begin
        word       <= memory[next];
        memory[at] <= sum;
    end

    always @(posedge clk) begin
        at   <= next;
        add  <= waiting[next];
        next <= next == LAST ? 6'd0 : next + 6'd1;
        for (i = 0; i < 64; i = i + 1)
            waiting[i] <= (next == i[5:0] ? 2'd0 : waiting[i]) + {1'b0, events[i]};
        if (at == select) value <= sum;
        if (rst) begin
            for (i = 0; i < 64; i = i + 1) waiting[i] <= 2'd0;
            next <= 6'd0;
            at   <= 6'd63;  // counts nothing
            add  <= 2'd0;
        end
    end
endmodule
