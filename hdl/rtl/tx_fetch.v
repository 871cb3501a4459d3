// Reads the frame under way from the buffer memory into the transmit FIFO, again after each collision.
//
// Clock clk_bus; rst_path stops it. issue (pulse) starts a frame at head_page, which is valid before the next edge, or,
// with issue_control, a PAUSE frame that is made up here; request_octets is valid from the next edge on. Each change of
// retry (from clk_tx) starts the frame again. One word per turn of the slot wheel: read_address is valid before the edge with
// slot_fetch, memory_data holds the word before the next edge (slot_take), at which it enters the FIFO.
// A FIFO word is {tag[1:0], first, data}; tag = {request, retry} names the fetch, so that the MAC can tell a word
// of the present attempt from those of an attempt that failed.
`default_nettype none
`timescale 1ns/1ps

module tx_fetch (
    input  wire        clk_bus,
    input  wire        rst_path,
    input  wire        slot_fetch,
    input  wire        slot_take,
    // Queue
    input  wire        issue,
    input  wire        issue_control,
    input  wire [7:0]  head_page,
    input  wire        request,
    input  wire [10:0] request_octets,
    input  wire        retry,          // clk_tx
    // PAUSE frame
    input  wire [47:0] mac_address,
    input  wire [15:0] pause_quanta,
    // Buffer memory
    output wire [13:0] read_address,   // in words
    input  wire [31:0] memory_data,
    // FIFO
    output wire [34:0] fifo_data,
    output wire        fifo_valid,
    input  wire        fifo_ready
);
    localparam [31:0] PAUSE_ADDRESS_0_3 = 32'h00C28001;  // 01-80-C2-00-00-01, octet 0 lowest
    localparam [15:0] PAUSE_ADDRESS_4_5 = 16'h0100;
    localparam [31:0] PAUSE_TYPE_OPCODE = 32'h01000888;  // 88-08, 00-01
    localparam [8:0]  FULL              = 9'd511;

    reg [7:0]  page;
    reg [8:0]  words_left; // 511 less the number of the word to be read
    reg        control;
    reg        active;     // there is a frame
    reg        issued;     // at the edge before
    reg        reading;    // the memory delivers before the next edge
    reg        retried;
    reg [4:0]  pause_word; // which word of a PAUSE frame is next
    wire [31:0] control_data;

    // Crossing: a toggle.
    wire retry_here;
    sync_2ff cross_retry (.clk(clk_bus), .d(retry), .q(retry_here));

    wire        restart = retry_here != retried;
    wire        within;         // the word has octets of the frame: a carry, as words are counted down
    wire [10:0] unused_sum;
    assign {within, unused_sum} = {1'b0, request_octets} + {1'b0, words_left, 2'b11};
    wire        more    = active && within;
    wire        first   = words_left == FULL;
    wire [31:0] data    = control_data | (memory_data & {32{!control}});

    wire        read    = more && fifo_ready && !issued && !restart;

    assign read_address = {page, 6'd0} + {5'd0, ~words_left};
    assign fifo_valid   = reading && slot_take;
    assign fifo_data    = {request, retried, first, data};

    // The words of a PAUSE frame; 0 for a frame from the memory.
    assign control_data = ({32{pause_word[0]}} & PAUSE_ADDRESS_0_3)
                        | ({32{pause_word[1]}} & {mac_address[15:0], PAUSE_ADDRESS_4_5})
                        | ({32{pause_word[2]}} & mac_address[47:16])
                        | ({32{pause_word[3]}} & PAUSE_TYPE_OPCODE)
                        | ({32{pause_word[4]}} & {16'd0, pause_quanta[7:0], pause_quanta[15:8]});

    always @(posedge clk_bus) begin
        retried <= retry_here;
        if (slot_fetch) reading <= read;
        if (fifo_valid) begin
            reading <= 1'b0;
            words_left <= words_left - 9'd1;
            pause_word <= {pause_word[3:0], 1'b0};
        end
        issued <= issue;
        if (issue) begin
            control    <= issue_control;
            active     <= 1'b1;
            pause_word <= {4'd0, issue_control};
        end
        if (issued) page <= head_page;
        if (issue || restart) begin
            words_left <= FULL;
            reading <= 1'b0;
        end
        if (rst_path) begin
            reading <= 1'b0;
            words_left <= FULL;
            active  <= 1'b0;
            retried <= 1'b0;
            control <= 1'b0;
            issued  <= 1'b0;
        end
    end
endmodule
