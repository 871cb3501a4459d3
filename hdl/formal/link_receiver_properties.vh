// Properties of link_receiver; the last lines of that module include them. hdl/formal/properties.yaml says what each claims.

    // At power-up: a reset at the first edge, and whenever it likes later.
    reg f_started;
    initial f_started = 1'b0;
    always @(posedge clk) f_started <= 1'b1;
    always @* if (!f_started) assume (rst);

    // cobs_decoder: octet and end of a frame come from different octets of the line.
    always @* assume (!(octet_valid && frame_end));
    // link_executor: it reads on, and no further than the frames that it was given; a reset is its own too.
    wire [ADDRESS_BITS:0] f_unread = write_pointer - read_pointer;
    reg  [ADDRESS_BITS:0] f_could_read, f_read_pointer;
    reg                   f_was_reset;
    always @(posedge clk) begin
        f_could_read   <= f_unread;
        f_read_pointer <= read_pointer;
        f_was_reset    <= rst;
    end
    always @* assume (!f_started || (f_was_reset ? read_pointer == 0 : read_pointer - f_read_pointer <= f_could_read));  // link_executor: see above

    // What has been received of a frame
    reg  [12:0] f_octets;  // stops at its largest value
    reg  [15:0] f_length;  // of the payload, by the header
    reg  [31:0] f_crc;
    function [31:0] f_crc_of(input [31:0] crc, input [7:0] bits);
        integer number;
        begin
            f_crc_of = crc;
            for (number = 0; number < 8; number = number + 1)
                f_crc_of = {1'b0, f_crc_of[31:1]} ^ (f_crc_of[0] ^ bits[number] ? 32'hEDB88320 : 32'd0);
        end
    endfunction
    always @(posedge clk) begin
        if (octet_valid) begin
            f_crc <= f_crc_of(f_crc, octet);
            if (f_octets == 13'd6) f_length[7:0]  <= octet;
            if (f_octets == 13'd7) f_length[15:8] <= octet;
            if (f_octets != 13'h1FFF) f_octets <= f_octets + 13'd1;
        end
        if (rst || frame_end) begin
            f_crc    <= 32'hFFFFFFFF;
            f_octets <= 13'd0;
        end
    end

    // The verdict of the edge before, and where the words were then
    reg f_judged, f_said, f_was_good;
    reg [ADDRESS_BITS:0] f_pointer;
    always @(posedge clk) begin
        f_judged   <= f_started && frame_end && !rst;
        f_said     <= is_damaged || is_refused;
        f_was_good <= is_whole && f_crc == 32'hDEBB20E3 && {3'd0, f_octets} == f_length + 16'd12 && f_length <= 16'd2036;
        f_pointer  <= write_pointer;
    end
    wire f_moved = write_pointer != f_pointer;

    always @* if (f_started) begin
        unread_words_are_kept: assert (!write || write_address - read_pointer[ADDRESS_BITS-1:0] >= f_unread[ADDRESS_BITS-1:0]
                                       && f_unread != FULL);
        pointer_moves_at_end:  assert (!f_moved || f_judged || f_was_reset);
        one_verdict_a_frame:   assert (!f_judged || f_moved != f_said);
        only_good_is_handed_over: assert (!f_judged || !f_moved || f_was_good);
        ring_is_never_overrun: assert (f_unread <= FULL);

        help_pointer: assert (pointer - read_pointer <= FULL && f_unread <= pointer - read_pointer);
        help_crc:     assert (crc == f_crc);
        help_header:  assert (count[3] ? f_octets >= 13'd8 && count < 4'd12 && (f_octets == 13'h1FFF || count[1:0] == f_octets[1:0]) : count == f_octets[3:0] && f_octets < 13'd8);
        help_length:  assert (f_octets == 13'h1FFF || (count[3] ? left == f_length + 16'd8 - {3'd0, f_octets}
                              && is_long == (f_length > 16'd2036) : !is_long && (count != 4'd7 || left[7:0] == f_length[7:0])));
        help_words:   assert (no_room || (f_octets < 13'd2052 && pointer - write_pointer == f_octets[11:2]));

        reach_handed_over: cover (f_judged && f_moved && write_pointer == 3);
        reach_damaged:     cover (f_judged && f_said && f_octets == 13'd0 && pointer == 0);
    end
