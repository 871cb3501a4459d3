// Properties of cobs_decoder; the last lines of that module include them. hdl/formal/properties.yaml says what each claims.
// No reset is asked for: the decoder may begin in any state.

    // An octet 0 ago: what the octets since then say, by the last code octet and how many came after it
    reg       f_synced;  // there was an octet 0, or a reset
    reg [7:0] f_code;    // 0: none yet
    reg [7:0] f_after;
    initial f_synced = 1'b0;
    wire f_at_code = f_code == 8'd0 || f_after == f_code - 8'd1;
    always @(posedge clk) begin
        if (in_valid) begin
            f_after <= f_at_code ? 8'd0 : f_after + 8'd1;
            if (f_at_code) f_code <= in_data;
            if (in_data == 8'd0) begin
                f_synced <= 1'b1;
                f_code   <= 8'd0;
                f_after  <= 8'd0;
            end
        end
        if (rst) begin
            f_synced <= 1'b1;
            f_code   <= 8'd0;
            f_after  <= 8'd0;
        end
    end
    wire f_is_zero = f_at_code && f_code != 8'd0 && f_code != 8'hFF;  // a code octet stands for the 0 before its group

    reg f_delimited;
    initial f_delimited = 1'b0;
    always @(posedge clk) f_delimited <= in_valid && in_data == 8'd0;

    always @* begin
        delimiter_resynchronises: assert (!f_delimited || (left == 8'd0 && is_first && !owes_zero));
        octets_are_decoded: assert (!f_synced || (octet_valid == (in_valid && in_data != 8'd0 && (!f_at_code || f_is_zero))
                                    && (!octet_valid || octet == (f_at_code ? 8'd0 : in_data))));
        frames_end_at_zeros: assert (!f_synced || frame_end == (in_valid && in_data == 8'd0 && f_code != 8'd0));
        cut_group_is_told:  assert (!f_synced || !frame_end || is_whole == f_at_code);

        help_group: assert (!f_synced || (is_first == (f_code == 8'd0) && owes_zero == (f_code != 8'd0 && f_code != 8'hFF)
                            && (f_code == 8'd0 ? left == 8'd0 && f_after == 8'd0 : f_after <= f_code - 8'd1 && left == f_code - 8'd1 - f_after)));

        reach_cut_group:  cover (frame_end && f_synced && !is_whole && f_code == 8'd5);
        reach_zero:       cover (octet_valid && f_synced && is_code && f_after == 8'd2);
        reach_whole:      cover (frame_end && f_synced && is_whole && f_code == 8'd4);
        reach_resync:     cover (f_delimited && f_synced);
    end
