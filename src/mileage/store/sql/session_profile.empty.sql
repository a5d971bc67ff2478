delete from session_profile
