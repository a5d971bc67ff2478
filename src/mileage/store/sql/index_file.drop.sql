DELETE FROM file WHERE number = :number
