// Properties of sync_fifo; the last lines of that module include them. hdl/formal/properties.yaml says what each claims.

    // At power-up: a reset at the first edge, and whenever it likes later.
    reg f_started;
    initial f_started = 1'b0;
    always @(posedge clk) f_started <= 1'b1;
    always @* if (!f_started) assume (rst);

    // One word, whichever the solver picks: the one that is written while the pointer is f_place.
    (* anyconst *) reg [ADDRESS_BITS:0] f_place;
    reg [WIDTH-1:0] f_word;
    wire [ADDRESS_BITS:0] f_level  = write_pointer - read_pointer;
    wire                  f_inside = f_place - read_pointer < f_level;
    always @(posedge clk) if (write_valid && write_ready && write_pointer == f_place) f_word <= write_data;

    reg f_was_full;
    always @(posedge clk) f_was_full <= !rst && (f_level == 1 << ADDRESS_BITS || (f_was_full && f_level != 0));

    always @* if (f_started) begin
        never_overrun:   assert (f_level <= 1 << ADDRESS_BITS);
        never_underrun:  assert (!read_valid || f_level != 0);
        order_of_words:  assert (!(read_valid && read_pointer == f_place) || read_data == f_word);
        help_in_memory:  assert (!f_inside || memory[f_place[ADDRESS_BITS-1:0]] == f_word);

        reach_full:      cover (f_level == 1 << ADDRESS_BITS && write_valid);
        reach_last_word: cover (f_was_full && f_level == 1 && read_valid && read_ready);
    end
