// Properties of async_fifo; the last lines of that module include them. hdl/formal/properties.yaml says what each claims.
// A step is an instant: at each, either clock, both or none may rise or fall.

    // nic_reset: both sides are in reset together, long enough for a pointer of 0 to pass the synchronisers; this is at
    // power-up, and once.
    reg [1:0] f_write_edges, f_read_edges;  // in reset: the first, and two behind the other side's first
    initial begin
        f_write_edges = 2'd0;
        f_read_edges  = 2'd0;
    end
    always @(posedge clk_write)
        if (f_write_edges == 2'd0 || (f_read_edges != 2'd0 && f_write_edges != 2'd3)) f_write_edges <= f_write_edges + 2'd1;
    always @(posedge clk_read)
        if (f_read_edges == 2'd0 || (f_write_edges != 2'd0 && f_read_edges != 2'd3)) f_read_edges <= f_read_edges + 2'd1;
    wire f_is_up = f_write_edges == 2'd3 && f_read_edges == 2'd3;
    always @* assume (rst_write == !f_is_up && rst_read == !f_is_up);  // nic_reset: see above

    // The pointers an instant ago
    (* gclk *) reg f_instant;
    reg [ADDRESS_BITS:0] f_write_gray, f_read_gray;
    reg f_was_up;
    initial f_was_up = 1'b0;
    always @(posedge f_instant) begin
        f_was_up     <= f_is_up;
        f_write_gray <= write_gray;
        f_read_gray  <= read_gray;
    end
    wire [ADDRESS_BITS:0] f_write_change = write_gray ^ f_write_gray;
    wire [ADDRESS_BITS:0] f_read_change  = read_gray ^ f_read_gray;

    // One word, whichever the solver picks: the one that is written while the pointer counts f_place.
    (* anyconst *) reg [ADDRESS_BITS:0] f_place;
    reg [WIDTH-1:0] f_word;
    reg             f_was_full;
    initial f_was_full = 1'b0;
    wire [ADDRESS_BITS:0] f_level = binary(write_gray) - binary(read_gray);
    wire [ADDRESS_BITS:0] f_words = 1 << ADDRESS_BITS;
    always @(posedge clk_write) begin
        if (write_valid && write_ready && binary(write_gray) == f_place) f_word <= write_data;
        f_was_full <= f_is_up && (f_was_full || f_level == f_words);
    end

    always @* if (f_was_up && f_is_up) begin
        one_bit_changes: assert ((f_write_change & (f_write_change - 1'b1)) == 0 && (f_read_change & (f_read_change - 1'b1)) == 0);
        never_overrun:   assert (f_level <= f_words);
        never_underrun:  assert (!read_valid || f_level != 0);
        order_of_words:  assert (!(read_valid && binary(read_gray) == f_place && f_level != 0) || read_data == f_word);

        reach_full:      cover (f_level == f_words && !write_ready);
        reach_read:      cover (f_was_full && read_valid && f_level == 2);
    end
