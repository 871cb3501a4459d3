// Properties of tx_mac; the last lines of that module include them. hdl/formal/properties.yaml says what each claims.

    // At power-up: a reset at the first edge, and whenever it likes later.
    reg f_started;
    initial f_started = 1'b0;
    always @(posedge clk_tx) f_started <= 1'b1;
    always @* if (!f_started) assume (rst);

    // What is asked for is held still; tx_slots lets nothing pass that is no frame, or too long for the count with an FCS.
    (* anyconst *) reg [10:0] f_octets;
    (* anyconst *) reg        f_pad, f_fcs;
    (* anyconst *) reg [5:0]  f_jam_nibbles;
    always @* assume (octets == f_octets && pad_enable == f_pad && fcs_enable == f_fcs);
    always @* assume (f_octets >= 11'd14 && f_octets <= 11'd2043);  // as above
    always @* assume (jam_nibbles == f_jam_nibbles);  // docs/adapter.md "Clocks and ties": no change while anything is sent
    always @* assume (!start || !tx_en);              // csma_cd: no_start_on_air
    always @* assume (!collision || may_collide);     // csma_cd: that is in the condition of a collision

    // The frame on the line: nibbles up to the one that is on TXD, those of them that are jam or an error, how it goes on
    reg [12:0] f_nibble;
    reg [6:0]  f_jam;
    reg [2:0]  f_errors;
    reg        f_on, f_collided, f_ended;
    always @(posedge clk_tx) begin
        f_nibble   <= transmitting_next ? f_nibble + 13'd1 : 13'd0;
        f_collided <= !start && (collision || f_collided);
        f_jam      <= start ? 7'd0 : f_jam + ((collision || f_collided) && f_nibble >= 13'd16 && transmitting_next);
        f_errors   <= start ? 3'd0 : f_errors + error;
        f_on       <= start || (f_on && !ending);
        f_ended    <= ending;
        if (rst) begin
            f_nibble   <= 13'd0;
            f_collided <= 1'b0;
            f_jam      <= 7'd0;
            f_errors   <= 3'd0;
            f_on       <= 1'b0;
        end
    end

    // Where the parts of a frame end that nothing befalls
    wire [11:0] f_padded    = f_fcs && f_pad && f_octets < 11'd60 ? 12'd60 : {1'b0, f_octets};
    wire [12:0] f_data_end  = {1'b0, f_octets, 1'b0} + 13'd16;
    wire [12:0] f_pad_end   = {f_padded, 1'b0} + 13'd16;
    wire [12:0] f_frame_end = f_pad_end + (f_fcs ? 13'd8 : 13'd0);
    wire        f_is_whole  = !f_collided && f_errors == 3'd0;
    wire [6:0]  f_jam_end   = f_jam_nibbles == 6'd0 ? 7'd1 : {1'b0, f_jam_nibbles};

    // CRC-32 of the nibbles up to the one on TXD, a bit at a time; the FCS is not in it. 3.2.9.
    function [31:0] f_crc_of(input [31:0] crc, input [3:0] bits);
        integer number;
        begin
            f_crc_of = crc;
            for (number = 0; number < 4; number = number + 1)
                f_crc_of = {1'b0, f_crc_of[31:1]} ^ (f_crc_of[0] ^ bits[number] ? 32'hEDB88320 : 32'd0);
        end
    endfunction
    reg  [31:0] f_crc;
    wire [12:0] f_fcs_place  = f_nibble - f_pad_end;  // 1 to 8 in the FCS
    wire [31:0] f_fcs_expected = ~f_crc >> {f_fcs_place[2:0] - 3'd1, 2'b00};
    always @(posedge clk_tx)
        if (f_nibble < 13'd16) f_crc <= 32'hFFFFFFFF;
        else if (f_nibble < f_pad_end) f_crc <= f_crc_of(f_crc, nibble);

    reg [31:0] f_word;
    reg [2:0]  f_errors_before;
    always @(posedge clk_tx) begin
        f_word          <= word_data;
        f_errors_before <= f_errors;
    end
    wire [12:0] f_data_place = f_nibble - 13'd17;  // of the nibble on TXD, from 0

    always @* if (f_started) begin
        tx_en_from_start_to_end: assert (tx_en == f_on);
        preamble_and_sfd:  assert (!tx_en || f_nibble > 13'd16 || (txd == (f_nibble == 13'd16 ? 4'hD : 4'h5) && !tx_er));
        data_in_order:     assert (!tx_en || !f_is_whole || f_nibble <= 13'd16 || f_nibble > f_data_end
                                   || txd == f_word[{f_data_place[2:0], 2'b00} +: 4]);
        pad_is_zero:       assert (!tx_en || !f_is_whole || f_nibble <= f_data_end || f_nibble > f_pad_end || txd == 4'd0);
        fcs_is_the_crc:    assert (!tx_en || !f_is_whole || f_nibble <= f_pad_end || txd == f_fcs_expected[3:0]);
        length_is_exact:   assert (!ending || !f_is_whole || f_nibble == f_frame_end);
        jam_is_exact:      assert (!ending || !f_collided || f_jam == f_jam_end);
        jam_follows_header: assert (!f_collided || f_nibble <= 13'd16 || !tx_en || (txd == 4'h5 && f_jam != 7'd0));
        underrun_is_two_errors: assert (!ending || f_collided || f_errors == (underrun ? 3'd2 : 3'd0));
        one_collision_a_frame: assert (!may_collide || (tx_en && !ending && !f_collided && !underrun));

        help_on:      assert (tx_en == (f_nibble != 13'd0) && tx_en == (state != IDLE));
        help_bound:   assert (!tx_en || f_nibble <= f_frame_end + {6'd0, f_jam} + {10'd0, f_errors});
        help_header:  assert (state != HEADER || (f_nibble <= 13'd15 && f_nibble[3:0] == index && f_jam == 7'd0 && jam_pending == f_collided && !was_underrun));
        help_place:   assert (!(state == DATA || state == PAD || state == FCS) || (f_is_whole && !was_underrun && !jam_pending
                              && f_nibble == {1'b0, count, 1'b0} + 13'd14 + high && count != 11'd0));
        help_data:    assert (state != DATA || (count <= f_octets && (!high || last == (count == f_octets)) && f_nibble < f_data_end
                              && index[2:0] == f_nibble[2:0]));
        help_pad:     assert (state != PAD || (f_fcs && f_pad && f_nibble >= f_data_end && f_nibble < f_pad_end && f_octets < 11'd60));
        help_fcs:     assert (state != FCS || (f_fcs && !index[3] && f_nibble == f_pad_end + {10'd0, index[2:0]}));
        help_fall:    assert (state != FALL || f_collided || was_underrun || (f_nibble == f_frame_end && f_is_whole));
        help_jam:     assert (state != JAM || (f_collided && (jam_pending ? f_jam == 7'd0 && f_nibble == 13'd16 && count == 11'd1
                              : count == {4'd0, f_jam} + 11'd1 && f_jam != 7'd0 && f_jam < f_jam_end)));
        help_jammed:  assert (!f_collided || state == HEADER || state == JAM || state == FALL || state == IDLE);
        help_jam_end: assert (state != FALL || !f_collided || f_jam == f_jam_end);
        help_no_jam:  assert (f_collided || f_jam == 7'd0);
        help_errors:  assert (!tx_en || (f_collided && f_errors == 3'd0) || f_errors == (state == BREAK ? 3'd1 : was_underrun ? 3'd2 : 3'd0));
        help_break:   assert (state != BREAK || (was_underrun && !f_collided));
        help_header_collided: assert (!f_collided || f_nibble > 13'd15 || state == HEADER || !tx_en);
        help_underrun: assert (!was_underrun || (state == BREAK || state == FALL) && !f_collided);
        help_crc:     assert (!(state == DATA || state == PAD) || crc == (f_nibble == 13'd16 ? 32'hFFFFFFFF : f_crc));
        help_crc_end: assert (state != FCS || crc == f_crc >> {index[2:0], 2'b00});

        reach_minimum_frame: cover (ending && f_is_whole && f_octets == 11'd14 && f_pad && f_fcs && f_nibble == 13'd144);
        reach_bare_frame: cover (ending && f_is_whole && !f_fcs && f_nibble == 13'd44);
        reach_jam:        cover (ending && f_collided && f_jam == 7'd8 && f_nibble == 13'd25);
        reach_jam_in_header: cover (ending && f_collided && f_jam == 7'd8 && f_nibble == 13'd24);
        reach_underrun:   cover (ending && underrun && f_nibble > 13'd24);
    end
